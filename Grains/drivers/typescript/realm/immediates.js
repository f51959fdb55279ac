// This Bun waits for a promise by running the loop, but sleeps in its poll although an immediate has just settled the promise
// or something has queued an immediate (https://github.com/oven-sh/bun/pull/39268): up to a second for each. A message to
// ourselves, when an immediate is queued and again behind it when it runs, keeps the poll from sleeping.
'use strict';

const { promisify } = require('node:util');

const { apply } = Reflect;

// Patches `setImmediate` wherever user code can get it. Returns a function to be called before the loop is run.
module.exports = function keepImmediatesPrompt() {
  const { port1, port2 } = new MessageChannel();
  const { postMessage } = MessagePort.prototype;
  const queue = setImmediate;
  let isPosted = false;
  let isQueued = false;

  port1.onmessage = () => {
    isPosted = false;
  };

  function post() {
    if (isPosted) return;
    isPosted = true;
    apply(postMessage, port2, [null]);
  }

  function queuePost() {
    if (isQueued) return;
    isQueued = true;
    queue(() => {
      isQueued = false;
      post();
    });
  }

  function prompt(original) {
    return function setImmediate(...args) {
      const result = apply(original, this, args);
      queuePost();
      post();
      return result;
    };
  }

  const patched = prompt(setImmediate);
  const promised = prompt(setImmediate[promisify.custom]);
  Object.defineProperty(patched, promisify.custom, { value: promised, configurable: true });
  globalThis.setImmediate = patched;
  require('node:timers').setImmediate = patched;
  require('node:timers/promises').setImmediate = promised;
  // A signal can break a callback before its first statement.
  return function reset() {
    isPosted = isQueued = false;
  };
};
