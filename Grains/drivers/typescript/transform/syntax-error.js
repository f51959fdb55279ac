// A cell that is not TypeScript. Line and column count from 1.
'use strict';

const MAX_SOURCE_LINE = 500;

class CellSyntaxError extends Error {
  constructor(message, source, offset) {
    super(message);
    if (offset === undefined) return;
    const before = source.slice(0, offset);
    const lineStart = before.lastIndexOf('\n') + 1;
    const lineEnd = source.indexOf('\n', offset);
    this.line = before.split('\n').length;
    this.column = offset - lineStart + 1;
    const sourceLine = source.slice(lineStart, lineEnd < 0 ? source.length : lineEnd);
    if (sourceLine.length <= MAX_SOURCE_LINE) this.sourceLine = sourceLine;
  }
}

module.exports = { CellSyntaxError };
