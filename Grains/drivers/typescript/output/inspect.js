// Values as text, in the way of `util.inspect`, bounded. Runs user code (`inspect.custom`), so only inside the scope.
'use strict';

const { withoutOurFrames } = require('../errors/stack.js');
const { asWritten } = require('../transform/awaits.js');
const { KIB, cutAt } = require('./text.js');

const OPTIONS = { depth: 4, colors: false, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 100 };
const WHOLE_STRING = { ...OPTIONS, maxStringLength: 1024 * KIB };
const MAX_TEXT_BYTES = 4 * 1024 * KIB;

function inspect(value) {
  let text;
  try {
    text = host.inspect(value, typeof value === 'string' ? WHOLE_STRING : OPTIONS);
  } catch (error) {
    return `[uninspectable: ${messageOf(error)}]`;
  }
  return typeof text === 'string' ? cutAt(asWritten(withoutOurFrames(text)), MAX_TEXT_BYTES) : '[uninspectable]';
}

function messageOf(error) {
  try {
    const message = typeof error === 'object' && error !== null ? error.message : error;
    return typeof message === 'string' ? message.slice(0, KIB) : typeof message;
  } catch {
    return 'error without a message';
  }
}

module.exports = { inspect, OPTIONS };
