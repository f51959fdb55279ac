// The session of one interpreter: at most one execution at a time, and what reaches the outside while it runs.
'use strict';

const channel = require('../protocol/channel.js');
const { toJson } = require('../protocol/frames.js');
const { dieUnlessIntact } = require('../protocol/descriptors.js');
const { describe, describeUncaught } = require('../errors/describe.js');
const { bundleOf } = require('../output/bundle.js');
const streams = require('../output/streams.js');
const env = require('./env.js');
const { Execution } = require('./execution.js');
const { rememberValue } = require('./globals.js');
const { runBreakable, runEventLoop, runOneTurn, settleInterrupt, wakeUp } = require('./loop.js');
const { runCode } = require('./run.js');

class Session {
  limits = null;
  ensureListeners = null;
  #displaySymbol;
  #execution = null;

  constructor(displaySymbol) {
    this.#displaySymbol = displaySymbol;
  }

  // takeRequests() looks for interrupts among the requests that have arrived.
  execute(request, takeRequests) {
    const execution = (this.#execution = new Execution(request, this.limits));
    if (request.isInterrupted) execution.interrupt();
    const environment = env.overrides(request.env);
    this.ensureListeners();
    streams.open(() => channel.send({ event: 'sync', id: execution.id, ack: true }));
    if (!environment.isEmpty && !runBreakable(environment.set)) this.#breakOff(execution);
    this.#conclude(execution, takeRequests);
    dieUnlessIntact();
    const { bundle, error } = execution.outcome;
    if (bundle !== undefined) this.#sendItem(execution, { primary: true }, bundle);
    const last = execution.budget.lastWords();
    if (last !== undefined) sendItem(execution, last);
    if (!environment.isEmpty) runBreakable(environment.restore);
    streams.close();
    this.#execution = null;
    channel.send({ event: 'done', id: execution.id, error });
  }

  get isBusy() {
    return this.#execution !== null;
  }

  // Whether the id is that of the running execution.
  interrupt(id) {
    if (this.#execution?.id !== id) return false;
    if (this.#execution.isRunning) {
      this.#execution.interrupt();
      settleInterrupt(this.#execution.cancel);
    }
    return true;
  }

  // An item of user code. What comes from a timer after its execution has ended is dropped.
  display(item, bundle) {
    if (this.#execution?.isRunning) this.#sendItem(this.#execution, { ...item, ack: true }, bundle);
  }

  roomFor(item) {
    return this.#execution?.budget.room(item) ?? 0;
  }

  bundleOf(value, room) {
    return bundleOf(value, this.#displaySymbol, (error) => this.printUncaught(error), room);
  }

  printUncaught(error) {
    if (this.#execution === null) return;
    streams.print('stderr', `${describeUncaught(error, this.#execution.count)}\n`);
  }

  // Runs the code and waits until there is an outcome. A ring ends the wait for a moment, to look for an interrupt.
  #conclude(execution, takeRequests) {
    let step = () => this.#begin(execution);
    while (execution.isRunning) {
      const isWhole = runBreakable(step);
      if (!isWhole) this.#breakOff(execution);
      else if (execution.isRunning) takeRequests();
      step = runEventLoop;
    }
  }

  #breakOff(execution) {
    channel.recover();
    streams.close();
    execution.interrupt();
    // A chain of microtasks can outlive the signal that broke the loop: then this waits for the next signal, so that no
    // execution counts as ended that would keep the next one from starting.
    let step = () => {
      execution.cancel();
      runOneTurn();
    };
    for (; !runBreakable(step); step = runOneTurn) channel.recover();
  }

  #begin(execution) {
    let isTurnOver = false;
    let outcome;
    const settle = (result) => {
      outcome = result;
      if (!isTurnOver) return;
      execution.settle(result);
      wakeUp();
    };
    const onValue = (value) => settle(this.#outcomeOf(value));
    const onError = (error) => settle({ error: describe(error, execution.count) });
    runCode(execution, onValue, onError);
    // What the code has set going at once (`promise.then(…)`, a rejection) still belongs to it.
    runOneTurn();
    isTurnOver = true;
    if (outcome !== undefined) execution.settle(outcome);
    else runEventLoop();
  }

  #outcomeOf(value) {
    if (value === undefined) return {};
    rememberValue(value);
    return { bundle: this.bundleOf(value, this.roomFor({ primary: true })) };
  }

  #sendItem(execution, item, bundle) {
    const data = execution.budget.take(bundle, item);
    if (data !== undefined) sendItem(execution, { ...item, data });
  }
}

// `data` is JSON already; it may be many megabytes.
function sendItem({ id }, { data, ...members }) {
  const json = toJson({ event: 'item', id, ...members });
  channel.sendJson(`${json.slice(0, -1)},"data":${data}}`, members.ack === true);
}

module.exports = { Session };
