// `await` at the top of a cell becomes `yield` of a generator that the driver runs: so it is for the driver to say whether the
// cell goes on. An interrupted cell ends where it waits, with its `finally` blocks, instead of going on in the background.
'use strict';

const { isFunction, walk } = require('./parse.js');

function rewriteAwaits(program, { edits }) {
  walk(program, (node) => {
    if (isFunction(node) || node.type === 'StaticBlock') return false;
    if (node.type !== 'AwaitExpression') return true;
    // As wide as `await`, but it binds less tightly.
    edits.wrap(node.start, node.end, '(', ')');
    edits.overwrite(node.start, node.start + 'await'.length, 'yield');
    return true;
  });
}

module.exports = { rewriteAwaits };
