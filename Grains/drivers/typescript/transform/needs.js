// What a cell has to be wrapped in. Nothing, where a plain script will do.
'use strict';

const { isFunction, walk } = require('./parse.js');

const SCRIPT = 'script';
const FUNCTION = 'function';
const COROUTINE = 'coroutine';
const ASYNC = 'async';
const ASCENDING = [SCRIPT, FUNCTION, COROUTINE, ASYNC];

function collectNeeds(program) {
  let need = 0;
  walk(program, (node, parent) => {
    if (isFunction(node) || node.type === 'StaticBlock') return false;
    need = Math.max(need, ASCENDING.indexOf(needOf(node, parent === program)));
    return true;
  });
  return ASCENDING[need];
}

function needOf(node, isTopLevel) {
  if (node.type === 'AwaitExpression') return COROUTINE;
  // These have no counterpart in a generator.
  if ((node.type === 'ForOfStatement' && node.await) || (isUsing(node) && node.kind === 'await using')) return ASYNC;
  return node.type === 'ReturnStatement' || (isTopLevel && isUsing(node)) ? FUNCTION : SCRIPT;
}

function isUsing(node) {
  return node.type === 'VariableDeclaration' && (node.kind === 'using' || node.kind === 'await using');
}

module.exports = { collectNeeds, isUsing, SCRIPT, FUNCTION, COROUTINE, ASYNC };
