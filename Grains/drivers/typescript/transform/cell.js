// A cell of a session, as scripts that run in the global scope: declarations become globals that later cells see and may
// declare again, a trailing expression becomes the cell's value, lines stay where the user wrote them.
'use strict';

const { rewriteAwaits } = require('./awaits.js');
const { rewriteDeclarations } = require('./declarations.js');
const { Edits } = require('./edits.js');
const { parseCell } = require('./language.js');
const { rewriteModuleSyntax } = require('./modules.js');
const { collectNeeds, ASYNC, COROUTINE, FUNCTION, SCRIPT } = require('./needs.js');

// The text before the first line of a cell, by mode. Its length is given to the engine as a negative column offset.
const OPENING = { [SCRIPT]: '', [FUNCTION]: '(()=>{', [COROUTINE]: '(function*(){', [ASYNC]: '(async()=>{' };

// A plan: {
//   mode      'script': the value is the completion value; 'function', 'coroutine', 'async': the completion value is a function,
//             a generator function that yields what it awaits, or an async function, and the value is the first element of
//             what it returns
//   code      runs last
//   hoisted   function declarations that must exist before `code` runs, or undefined
//   imports   [{specifier, attributes?, named: [[imported, local]], namespace?, types?}] to do before everything else; `types`
//             are the local names that may stand for types only, which a module does not export
//   names     the globals the cell declares
//   hasValue  whether the completion value of a script is the cell's value
//   columnOffset
// }
// Throws CellSyntaxError.
function transformCell(source) {
  const { source: javascript, program, columnOffset } = parseCell(source);
  const cell = {
    edits: new Edits(javascript),
    javascript,
    isTyped: javascript !== source,
    mode: collectNeeds(program),
    names: [],
    imports: [],
    hasValue: false,
    trailing: trailingStatement(program.body),
  };
  rewriteModuleSyntax(program, cell);
  rewriteDeclarations(program, cell);
  returnTrailingValue(cell);
  if (cell.mode === COROUTINE) rewriteAwaits(program, cell);
  return planOf(cell, columnOffset);
}

function planOf({ mode, edits, imports, names, hasValue }, columnOffset) {
  const body = edits.rest();
  return {
    mode,
    code: mode === SCRIPT ? body : `${OPENING[mode]}${body}\n})`,
    hoisted: edits.hasExtracted ? edits.extracted() : undefined,
    imports,
    names: [...new Set(names)],
    hasValue,
    columnOffset: columnOffset - OPENING[mode].length,
  };
}

// What yields the value of the cell: its last statement, if that is an expression.
function trailingStatement(body) {
  return body.findLast((statement) => statement.type !== 'EmptyStatement' && !isEmptyExport(statement));
}

function isEmptyExport(statement) {
  return statement.type === 'ExportNamedDeclaration' && !statement.declaration && statement.specifiers.length === 0;
}

function returnTrailingValue(cell) {
  const { trailing, mode, edits, javascript } = cell;
  if (trailing?.type !== 'ExpressionStatement') return;
  cell.hasValue = true;
  if (mode === SCRIPT) return;
  const { start, end } = trailing;
  const hasSemicolon = javascript[end - 1] === ';';
  const isSequence = trailing.expression.type === 'SequenceExpression';
  const closing = (isSequence ? ')]' : ']') + (hasSemicolon ? '' : ';');
  edits.wrap(start, hasSemicolon ? end - 1 : end, isSequence ? 'return[(' : 'return[', closing);
}

module.exports = { transformCell };
