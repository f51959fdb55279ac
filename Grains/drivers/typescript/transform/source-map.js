// The `mappings` of a source map, decoded (https://tc39.es/ecma426/).
'use strict';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const DIGITS = new Map([...ALPHABET].map((letter, value) => [letter.charCodeAt(0), value]));
const COMMA = 44;
const SEMICOLON = 59;

// [{line, column, sourceLine, sourceColumn}], all from 0, in the order of the generated text.
function decodeMappings(mappings) {
  const segments = [];
  let line = 0;
  let column = 0;
  let sourceLine = 0;
  let sourceColumn = 0;
  let index = 0;

  function number() {
    let value = 0;
    for (let shift = 0; ; shift += 5) {
      const digit = DIGITS.get(mappings.charCodeAt(index));
      index += 1;
      value |= (digit & 31) << shift;
      if ((digit & 32) === 0) return value & 1 ? -(value >> 1) : value >> 1;
    }
  }
  const atSeparator = () => {
    const code = mappings.charCodeAt(index);
    return index >= mappings.length || code === COMMA || code === SEMICOLON;
  };

  while (index < mappings.length) {
    const code = mappings.charCodeAt(index);
    if (code === SEMICOLON) {
      line += 1;
      column = 0;
      index += 1;
    } else if (code === COMMA) {
      index += 1;
    } else {
      column += number();
      if (atSeparator()) continue;
      number(); // the only source there is
      sourceLine += number();
      sourceColumn += number();
      if (!atSeparator()) number(); // a name
      segments.push({ line, column, sourceLine, sourceColumn });
    }
  }
  return segments;
}

module.exports = { decodeMappings };
