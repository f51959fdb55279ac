// `await` at the top of a cell becomes `yield` of a generator that the driver runs: so it is for the driver to say whether the
// cell goes on. An interrupted cell ends where it waits, with its `finally` blocks, instead of going on in the background.
'use strict';

const { isFunction, walk } = require('./parse.js');

const LINE_END = /[\n\r\u2028\u2029]/;
// A blank that tells this `yield` from one of the user's, where the engine quotes it in a message.
const MARK = '\u2004';

function rewriteAwaits(program, { edits, javascript, trailing }) {
  walk(program, (node) => {
    if (isFunction(node) || node.type === 'StaticBlock') return false;
    // The parenthesis would go on with a line above that has no semicolon; a number cannot.
    const startsStatement = node.type === 'ExpressionStatement' && javascript.startsWith('await', node.start);
    if (startsStatement && node !== trailing) edits.wrap(node.start, node.end, '0,', '');
    if (node.type !== 'AwaitExpression') return true;
    // As wide as `await`, but it binds less tightly, and no line may end behind it.
    const end = node.start + 'await'.length;
    const isEnclosed = javascript[node.start - 1] === '(' && javascript[node.end] === ')';
    if (!isEnclosed) edits.wrap(node.start, node.end, '(', ')');
    edits.overwrite(node.start, end, 'yield');
    if (javascript[end] === ' ') edits.overwrite(end, end + 1, MARK);
    if (LINE_END.test(javascript.slice(end, node.argument.start))) edits.wrap(end, node.end, '(', ')');
    return true;
  });
}

// A message about rewritten code, in the words of the cell.
function asWritten(message) {
  return message.replaceAll(`yield${MARK}`, 'await ');
}

module.exports = { rewriteAwaits, asWritten };
