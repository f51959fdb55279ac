// What a cell has to be wrapped in. Nothing, where a plain script will do.
'use strict';

const { isFunction, walk } = require('./parse.js');

const SCRIPT = 'script';
const FUNCTION = 'function';
const ASYNC = 'async';

function collectNeeds(program) {
  let mode = SCRIPT;
  walk(program, (node, parent) => {
    if (isFunction(node) || node.type === 'StaticBlock') return false;
    if (needsAsync(node)) mode = ASYNC;
    else if (mode === SCRIPT && (node.type === 'ReturnStatement' || (parent === program && isUsing(node)))) mode = FUNCTION;
    return true;
  });
  return mode;
}

function needsAsync(node) {
  return (
    node.type === 'AwaitExpression' ||
    (node.type === 'ForOfStatement' && node.await) ||
    (node.type === 'VariableDeclaration' && node.kind === 'await using')
  );
}

function isUsing(node) {
  return node.type === 'VariableDeclaration' && (node.kind === 'using' || node.kind === 'await using');
}

module.exports = { collectNeeds, isUsing, SCRIPT, FUNCTION, ASYNC };
