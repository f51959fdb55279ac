// User code runs inside a script that SIGINT can break, also while it waits for a promise: there the event loop runs nested
// inside the script. Requests are never read in there, since a signal may tear that code away at any point.
'use strict';

const INTERRUPTED = 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
const MATCHED = 1;
const SIGNAL_MS = 20;

// Calls `run` where SIGINT can break it; false when it was broken.
function runBreakable(run) {
  try {
    host.runInScope(run);
    return true;
  } catch (error) {
    if (isInterruption(error)) return false;
    throw error;
  }
}

function isInterruption(error) {
  try {
    return typeof error === 'object' && error !== null && error.code === INTERRUPTED;
  } catch {
    return false;
  }
}

let wake = null;

// Runs the event loop until `wakeUp` is called. Only inside `runBreakable`.
function runEventLoop() {
  host.keepImmediatesPrompt();
  const awake = new Promise((resolve) => {
    wake = () => resolve(MATCHED);
  });
  const matcher = Reflect.apply(host.getResolves, host.expect(awake), []);
  Reflect.apply(host.toBe, matcher, [MATCHED]);
}

function wakeUp() {
  wake?.();
}

// One turn of the event loop. Only inside `runBreakable`.
function runOneTurn() {
  host.queueMicrotask(wakeUp);
  runEventLoop();
}

// The supervisor sends a signal with each interrupt. When the request was seen before the signal, the signal must not hit the
// execution that comes next: it is given a moment to arrive where it does no harm.
function absorbSignal() {
  runBreakable(() => {
    host.setTimeout(wakeUp, SIGNAL_MS);
    runEventLoop();
  });
}

module.exports = { runBreakable, runEventLoop, runOneTurn, absorbSignal, wakeUp };
