// One execution: its identity, its budget, and how it came out.
'use strict';

const { ItemBudget } = require('../output/budget.js');

const RUNNING = Symbol('running');

class Execution {
  #outcome = RUNNING;

  constructor({ id, count, code }, limits) {
    this.id = id;
    this.count = count;
    this.code = code;
    // Ends code that waits; nothing to do for code that never does.
    this.cancel = () => {};
    this.budget = new ItemBudget(limits.item_bytes);
  }

  get isRunning() {
    return this.#outcome === RUNNING;
  }

  // { bundle } of the trailing value, { error } or {}.
  get outcome() {
    return this.#outcome;
  }

  // The first outcome stands.
  settle(outcome) {
    if (this.isRunning) this.#outcome = outcome;
  }

  // Named after the signal, which code can also send to itself: the host knows whether it was the platform's.
  interrupt() {
    this.settle({ error: { name: 'KeyboardInterrupt', value: 'execution interrupted', traceback: 'KeyboardInterrupt: execution interrupted' } });
  }
}

module.exports = { Execution };
