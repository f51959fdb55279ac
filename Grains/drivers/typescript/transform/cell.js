// A cell of a session, as scripts that run in the global scope: declarations become globals that later cells see and may
// declare again, a trailing expression becomes the cell's value, lines stay where the user wrote them.
'use strict';

const { collectNeeds, ASYNC, FUNCTION, SCRIPT } = require('./needs.js');
const { rewriteDeclarations } = require('./declarations.js');
const { rewriteModuleSyntax } = require('./modules.js');
const { Edits } = require('./edits.js');
const { parseCell } = require('./language.js');

// The text before the first line of a cell, by mode. Its length is given to the engine as a negative column offset.
const OPENING = { [SCRIPT]: '', [FUNCTION]: '(()=>{', [ASYNC]: '(async()=>{' };

// A plan: {
//   mode      'script': the value is the completion value; 'function', 'async': the completion value is a function to call, and
//             the value is the first element of what it returns or resolves to
//   code      runs last
//   hoisted   function declarations that must exist before `code` runs, or undefined
//   imports   [{specifier, attributes?, named: [[imported, local]], namespace?, reexports?}] to do before everything else
//   names     the globals the cell declares
//   hasValue  whether the completion value of a script is the cell's value
//   columnOffset
// }
// Throws CellSyntaxError.
function transformCell(source) {
  const { source: javascript, program, isObject } = parseCell(source);
  const cell = {
    edits: new Edits(javascript),
    javascript,
    mode: collectNeeds(program),
    names: [],
    imports: [],
    hasValue: false,
    trailing: trailingStatement(program.body),
  };
  if (isObject) return objectPlan(cell);
  rewriteModuleSyntax(program, cell);
  rewriteDeclarations(program, cell);
  returnTrailingValue(cell);
  return planOf(cell, cell.edits.rest());
}

function planOf(cell, body) {
  const { mode, imports, hasValue, edits } = cell;
  return {
    mode,
    code: mode === SCRIPT ? body : `${OPENING[mode]}${body}\n})`,
    hoisted: edits.hasExtracted ? edits.extracted() : undefined,
    imports,
    names: [...new Set(cell.names)],
    hasValue,
    columnOffset: 0 - OPENING[mode].length,
  };
}

function objectPlan(cell) {
  const { mode, javascript } = cell;
  const opening = mode === SCRIPT ? '(' : `${OPENING[mode]}return[`;
  const closing = mode === SCRIPT ? '\n)' : '\n]})';
  return {
    mode,
    code: opening + javascript + closing,
    hoisted: undefined,
    imports: [],
    names: [],
    hasValue: true,
    columnOffset: -opening.length,
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
  const isSequence = trailing.expression.type === 'SequenceExpression';
  const textEnd = javascript[end - 1] === ';' ? end - 1 : end;
  edits.insert(start, isSequence ? 'return[(' : 'return[');
  edits.replace(textEnd, end, isSequence ? ')];' : '];');
}

module.exports = { transformCell };
