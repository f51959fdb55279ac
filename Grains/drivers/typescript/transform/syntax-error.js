// A cell that is not TypeScript. Line and column count from 1.
'use strict';

const MAX_SOURCE_LINE = 500;
// As the language has them.
const LINE_END = /\r\n|[\n\r\u2028\u2029]/g;

class CellSyntaxError extends Error {
  constructor(message, source, offset) {
    super(message);
    // The engine has put those of this file there.
    this.line = undefined;
    this.column = undefined;
    if (offset === undefined) return;
    let lineStart = 0;
    let lineEnd = source.length;
    this.line = 1;
    for (const { 0: end, index } of source.matchAll(LINE_END)) {
      if (index >= offset) {
        lineEnd = index;
        break;
      }
      lineStart = index + end.length;
      this.line += 1;
    }
    this.column = offset - lineStart + 1;
    const sourceLine = source.slice(lineStart, lineEnd);
    if (sourceLine.length <= MAX_SOURCE_LINE) this.sourceLine = sourceLine;
  }
}

module.exports = { CellSyntaxError };
