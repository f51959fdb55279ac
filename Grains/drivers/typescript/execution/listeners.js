// What happens beside an execution: errors that nobody catches, and signals.
'use strict';

const { noteSignal } = require('./loop.js');

const { process, on, listeners } = host;

// onUncaught(error) is called for errors that no other listener of user code takes.
function createListeners(expose, onUncaught) {
  const uncaught = (event) => (error) => {
    if (count(event) <= 1) onUncaught(error);
  };
  const ours = [
    ['uncaughtException', expose('uncaughtException', uncaught('uncaughtException'))],
    ['unhandledRejection', expose('unhandledRejection', uncaught('unhandledRejection'))],
    // A signal outside a breakable script must not end the process.
    ['SIGINT', expose('interrupted', noteSignal)],
  ];
  // User code can remove listeners, so this is called before every execution.
  return function ensureListeners() {
    for (const [event, listener] of ours) {
      if (!includes(current(event), listener)) Reflect.apply(on, process, [event, listener]);
    }
  };
}

function current(event) {
  return Reflect.apply(listeners, process, [event]);
}

function count(event) {
  return current(event).length;
}

function includes(foreign, listener) {
  for (let index = 0; index < foreign.length; index += 1) if (foreign[index] === listener) return true;
  return false;
}

module.exports = { createListeners };
