// A bound on the nesting of source, for a parser in native code that recurses until its stack is gone, and the process with it.
'use strict';

const { CellSyntaxError } = require('./syntax-error.js');

// Half of what the parser takes, at the least.
const MAX_NESTING = 2000;
const TOKEN = /=>|[<()[\]{};]|\n(?=[\w$@])/g;
const CONTINUES = new Set(['<', '>', '=', ',']);

// Counts in literals and comments as well: better to refuse a cell that no one writes than to miss what hides in one.
// Brackets count until they close. Arrows, type arguments and JSX have no end that can be told without parsing: they count
// until their statement ends, as far as that can be seen.
function checkNesting(source) {
  let depth = 0;
  let chain = 0;
  for (const { 0: token, index } of source.matchAll(TOKEN)) {
    switch (token) {
      case '(':
      case '[':
      case '{':
        depth += 1;
        break;
      case ')':
      case ']':
      case '}':
        depth = Math.max(0, depth - 1);
        break;
      case ';':
        chain = 0;
        break;
      case '\n':
        if (depth === 0 && !CONTINUES.has(source[index - 1])) chain = 0;
        break;
      default:
        chain += 1;
    }
    if (depth + chain > MAX_NESTING) throw new CellSyntaxError('The code is nested too deeply', source, index);
  }
}

module.exports = { checkNesting };
