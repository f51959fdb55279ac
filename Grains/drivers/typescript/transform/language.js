// Which language a cell is in: JavaScript where the parser takes it, TypeScript where it does not or where the two disagree.
'use strict';

const { CellSyntaxError } = require('./syntax-error.js');
const { parseObjectLiteral, parseProgram } = require('./parse.js');
const { stripTypes } = require('./typescript.js');

// How acorn's message begins when its recursion ran out of stack.
const TOO_DEEP = 'Not enough stack space';
const MAX_TYPE_ARGUMENT_TOKENS = 200;
const TYPE_TOKENS = new Set(['name', 'string', 'num', ',', '.', '[', ']', '{', '}', '|', '&', ':', ';', '?', '=>', '(', ')', 'typeof', 'void', 'null', 'this']);

// { source, program, columnOffset }: JavaScript, its tree, and how far its first line has moved.
function parseCell(cell) {
  // A hash bang is only one at the very start of a script, where a wrapper may come to stand.
  const source = cell.startsWith('#!') ? `//${cell.slice(2)}` : cell;
  try {
    const object = parseObjectLiteral(source);
    if (object) return object;
    const tokens = mayCallGenerically(source) ? [] : undefined;
    const program = parseProgram(source, tokens);
    if (!tokens || !callsGenerically(tokens)) return { source, program, columnOffset: 0 };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // oxc would not survive it.
    if (error.message.startsWith(TOO_DEEP)) throw new CellSyntaxError('The code is nested too deeply', source, error.pos);
  }
  return stripTypes(source);
}

// `f<T>(x)` is a call to TypeScript and two comparisons to JavaScript.
function mayCallGenerically(source) {
  return source.includes('<') && />\s*[(`]/.test(source);
}

function callsGenerically(tokens) {
  return tokens.some((token, index) => token.value === '<' && tokens[index - 1]?.type.label === 'name' && closesAsCall(tokens, index));
}

function closesAsCall(tokens, open) {
  let depth = 0;
  const last = Math.min(tokens.length - 1, open + MAX_TYPE_ARGUMENT_TOKENS);
  for (let index = open; index < last; index += 1) {
    const { value, type } = tokens[index];
    if (value === '<') depth += 1;
    else if (value === '>' || value === '>>' || value === '>>>') depth -= value.length;
    else if (!TYPE_TOKENS.has(type.label) && value !== '|' && value !== '&') return false;
    if (depth <= 0) return depth === 0 && (tokens[index + 1].type.label === '(' || tokens[index + 1].type.label === '`');
  }
  return false;
}

module.exports = { parseCell };
