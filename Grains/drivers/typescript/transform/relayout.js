// Generated code, laid out again so that every token stands on its line of the source, and in its column where there is room.
// Stack traces of the result then speak of the user's lines without any map at run time.
'use strict';

const { parseProgram, walk } = require('./parse.js');
const { decodeMappings } = require('./source-map.js');

// No line break may follow these, or precede those.
const GLUED_TO_NEXT = new Set(['return', 'throw', 'break', 'continue', 'yield', 'async', 'await', 'get', 'set', 'static', 'using', 'accessor']);
const GLUED_TO_PREVIOUS = new Set(['=>', '++', '--']);

// Throws acorn's SyntaxError when the code is not JavaScript.
function relayout(code, mappings) {
  const tokens = [];
  const program = parseProgram(code, tokens);
  const targets = targetsByOffset(code, mappings);
  const { openings, closings } = gluedArguments(program);
  const output = new Layout();
  let previous = { end: 0, text: '' };
  let inTemplate = false;
  for (const token of tokens) {
    if (token.start === token.end && token.type.label !== 'template') continue;
    const text = code.slice(token.start, token.end);
    const target = targets.get(token.start);
    // Space around the text of a template is part of it.
    const fixed = token.type.label === 'template' || inTemplate;
    if (!fixed) {
      const isArgument = openings.has(token.start);
      if (isArgument) output.write(' (');
      const mayBreak = isArgument || !(GLUED_TO_NEXT.has(previous.text) || GLUED_TO_PREVIOUS.has(text));
      if (target && mayBreak) output.moveTo(target.line, target.column);
      if (token.start > previous.end) output.space();
    }
    output.write(text);
    if (closings.has(token.end)) output.write(')');
    inTemplate = token.type.label === 'template';
    previous = { end: token.end, text };
  }
  return output.text;
}

// What `return` and `throw` hand over may only begin on a later line inside parentheses, which the compiler has dropped.
function gluedArguments(program) {
  const openings = new Set();
  const closings = new Set();
  walk(program, (node) => {
    const isGlued = node.type === 'ReturnStatement' || node.type === 'ThrowStatement';
    if (isGlued && node.argument) {
      openings.add(node.argument.start);
      closings.add(node.argument.end);
    }
    return true;
  });
  return { openings, closings };
}

class Layout {
  text = '';
  #line = 0;
  #column = 0;

  moveTo(line, column) {
    if (this.#line < line) {
      this.text += '\n'.repeat(line - this.#line);
      this.#line = line;
      this.#column = 0;
    }
    if (this.#line === line && this.#column < column) {
      this.text += ' '.repeat(column - this.#column);
      this.#column = column;
    }
  }

  space() {
    if (/\s$/.test(this.text.slice(-1)) || this.text === '') return;
    this.text += ' ';
    this.#column += 1;
  }

  write(text) {
    this.text += text;
    const lines = text.split('\n');
    this.#line += lines.length - 1;
    this.#column = lines.length > 1 ? lines.at(-1).length : this.#column + text.length;
  }
}

function targetsByOffset(code, mappings) {
  const lineStarts = [0];
  for (let index = code.indexOf('\n'); index >= 0; index = code.indexOf('\n', index + 1)) lineStarts.push(index + 1);
  const targets = new Map();
  for (const { line, column, sourceLine, sourceColumn } of decodeMappings(mappings)) {
    targets.set(lineStarts[line] + column, { line: sourceLine, column: sourceColumn });
  }
  return targets;
}

module.exports = { relayout };
