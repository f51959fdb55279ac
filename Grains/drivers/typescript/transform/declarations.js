// Declarations at the top of a cell become assignments to globals.
'use strict';

const { boundNames, isClass, isFunction, walk } = require('./parse.js');
const { isUsing, SCRIPT } = require('./needs.js');

// Starts an expression statement that can neither go on a line before it nor need a semicolon there, and is not wider than
// the shortest keyword it replaces.
const EXPRESSION_START = '!(';

function rewriteDeclarations(program, cell) {
  for (const statement of program.body) {
    const declaration = statement.declaration ?? statement;
    if (rewriteTopLevel(declaration, cell)) continue;
    if (statement.type.startsWith('Import') || statement.type.startsWith('Export')) continue;
    rewriteNested(statement, cell);
  }
}

function rewriteTopLevel(declaration, cell) {
  switch (declaration.type) {
    case 'VariableDeclaration':
      rewriteVariables(declaration, cell);
      return true;
    case 'ClassDeclaration':
      if (declaration.id) rewriteClass(declaration, cell);
      return true;
    case 'FunctionDeclaration':
      if (declaration.id) rewriteFunction(declaration, cell);
      return true;
    default:
      return false;
  }
}

function rewriteVariables(declaration, cell) {
  const { edits, mode, names } = cell;
  for (const { id } of declaration.declarations) boundNames(id, names);
  if (isUsing(declaration)) {
    keepResources(declaration, cell);
    return;
  }
  // `let x` makes x undefined again; `var x` leaves it.
  if (declaration.kind !== 'var') {
    for (const { id, init } of declaration.declarations) if (!init) edits.close(id.start, id.end, '=void 0');
  }
  if (cell.isTyped) declaration.declarations.forEach((declarator) => renewEnum(declarator, edits));
  if (mode === SCRIPT) edits.overwrite(declaration.start, declaration.start + declaration.kind.length, 'var');
  else assignInstead(declaration, cell);
}

// The compiler makes `enum E` a function's call with `E || {}`. Declared again it is not to go on with what an earlier cell
// has left under its name.
function renewEnum({ id, init }, edits) {
  const before = init?.type === 'CallExpression' && init.arguments[0]?.left;
  if (before?.type === 'Identifier' && before.name === id.name) edits.overwrite(before.start, before.end, '0');
}

// A resource is disposed of when the cell ends; its name stays.
function keepResources(declaration, { edits }) {
  for (const { id } of declaration.declarations) {
    if (id.type === 'Identifier') edits.replace(id.start, id.end, `$${id.start}=${id.name}`);
  }
}

function assignInstead(declaration, { edits, javascript }) {
  edits.overwrite(declaration.start, declaration.start + declaration.kind.length, EXPRESSION_START);
  edits.close(declaration.start, declaration.declarations.at(-1).end, javascript[declaration.end - 1] === ';' ? ')' : ');');
}

function rewriteClass(declaration, { edits, mode, names }) {
  const { name } = declaration.id;
  names.push(name);
  const isScript = mode === SCRIPT;
  edits.wrap(declaration.start, declaration.end, isScript ? `var ${name}=` : `${EXPRESSION_START}${name}=`, isScript ? ';' : ');');
}

function rewriteFunction(declaration, { edits, mode, names }) {
  names.push(declaration.id.name);
  if (mode !== SCRIPT) edits.extract(declaration.start, declaration.end);
}

// `var` belongs to the whole cell wherever it stands, and `return` has to hand over a value.
function rewriteNested(statement, cell) {
  const { edits, mode, names } = cell;
  walk(statement, (node, parent) => {
    if (isFunction(node) || isClass(node)) return false;
    if (node.type === 'VariableDeclaration' && node.kind === 'var') {
      for (const { id } of node.declarations) boundNames(id, names);
      if (mode !== SCRIPT) rewriteNestedVar(node, parent, cell);
    }
    if (mode !== SCRIPT && node.type === 'ReturnStatement' && node.argument) {
      edits.wrap(node.argument.start, node.argument.end, '[(', ')]');
    }
    return true;
  });
}

function rewriteNestedVar(node, parent, cell) {
  const isLoopHead = parent !== undefined && (parent.init === node || parent.left === node);
  if (isLoopHead) cell.edits.overwrite(node.start, node.start + node.kind.length, '');
  else assignInstead(node, cell);
}

module.exports = { rewriteDeclarations };
