// User code runs inside a script that SIGINT can break, also while it waits for a promise: there the event loop runs nested
// inside the script. Requests are never read in there, since a signal may tear that code away at any point.
'use strict';

const INTERRUPTED = 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
const MATCHED = 1;
const SIGNAL_MS = 250;
const AFTERMATH_MS = 20;

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

// Runs the event loop for a millisecond or until `wakeUp`. Only inside `runBreakable`.
function runShortly() {
  const timer = host.setTimeout(wakeUp, 1);
  runEventLoop();
  host.clearTimeout(timer);
}

// Runs the event loop for a time, whoever wakes it meanwhile; isEnough() may end it earlier. Only inside `runBreakable`.
function runFor(milliseconds, isEnough = () => false) {
  let isOver = false;
  const timer = host.setTimeout(() => {
    isOver = true;
    wakeUp();
  }, milliseconds);
  while (!isOver && !isEnough()) runEventLoop();
  host.clearTimeout(timer);
}

let isSignalled = false;

// A signal that came while no breakable script ran.
function noteSignal() {
  isSignalled = true;
  wakeUp();
}

// After an interrupt that came as a request while user code waited.
//
// The supervisor sends a signal along, which must not hit the execution that comes next: it is given a moment to arrive here.
// And what user code waited for may arrive yet, and go on into an endless loop: that shows here too, and then the next rung
// ends it, while otherwise it would keep the next execution from starting.
function settleInterrupt(cancel) {
  isSignalled = false;
  runBreakable(() => runFor(SIGNAL_MS, () => isSignalled));
  runBreakable(() => {
    cancel();
    runFor(AFTERMATH_MS);
  });
}

module.exports = { noteSignal, runBreakable, runEventLoop, runOneTurn, runShortly, settleInterrupt, wakeUp };
