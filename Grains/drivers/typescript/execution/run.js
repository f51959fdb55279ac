// Runs the code of an execution. All of this happens inside the breakable scope.
'use strict';

const { transformCell } = require('../transform/cell.js');
const { COROUTINE, FUNCTION, SCRIPT } = require('../transform/needs.js');
const { prepare } = require('./globals.js');
const { importAll } = require('./imports.js');
const { remember } = require('../checkpoint/functions.js');

const { Script, runInThisContext, generatorNext, generatorReturn, generatorThrow, userGlobal } = host;

// Calls exactly one of onValue(value) and onError(error), at once or later; value is undefined when there is none.
function runCode(execution, onValue, onError) {
  const { code } = execution;
  let plan;
  try {
    plan = transformCell(code);
  } catch (error) {
    onError(error);
    return;
  }
  const run = () => {
    try {
      runPlan(plan, execution, onValue, onError);
    } catch (error) {
      onError(error);
    }
  };
  if (plan.imports.length > 0) importAll(plan.imports, run, onError);
  else run();
}

function runPlan(plan, execution, onValue, onError) {
  const { count } = execution;
  prepare(plan.names);
  remember(plan.hoisted, SCRIPT);
  remember(plan.code, plan.mode);
  if (plan.hoisted !== undefined) runScript(plan.hoisted, count, 0);
  const result = runScript(plan.code, count, plan.columnOffset);
  if (plan.mode === SCRIPT) {
    onValue(plan.hasValue ? result : undefined);
    return;
  }
  const returned = Reflect.apply(result, userGlobal, []);
  if (plan.mode === FUNCTION) onValue(returned?.[0]);
  else if (plan.mode === COROUTINE) runCoroutine(returned, execution, onValue, onError);
  else host.whenSettled(returned, (values) => onValue(values?.[0]), onError);
}

// Takes a cell from one `await` to the next, as long as its execution runs.
function runCoroutine(generator, execution, onValue, onError) {
  const advance = (method, argument) => {
    if (!execution.isRunning) return;
    let result;
    try {
      result = Reflect.apply(method, generator, [argument]);
    } catch (error) {
      onError(error);
      return;
    }
    if (result.done) onValue(result.value?.[0]);
    else host.whenSettled(result.value, resume, fail);
  };
  const resume = (value) => advance(generatorNext, value);
  const fail = (error) => advance(generatorThrow, error);
  // Its `finally` blocks run; should one of them wait, it has waited its last.
  execution.cancel = () => {
    try {
      Reflect.apply(generatorReturn, generator, []);
    } catch {
      // The outcome of the execution stands.
    }
  };
  resume();
}

function runScript(source, count, columnOffset) {
  const script = new Script(source, { filename: `cell_${count}.ts`, columnOffset });
  return Reflect.apply(runInThisContext, script, []);
}

module.exports = { runCode };
