// Runs the code of an execution. All of this happens inside the breakable scope.
'use strict';

const { transformCell } = require('../transform/cell.js');
const { SCRIPT, ASYNC } = require('../transform/needs.js');
const { prepare } = require('./globals.js');
const { importAll } = require('./imports.js');

const { Script, runInThisContext, then } = host;

// Calls exactly one of onValue(value) and onError(error), at once or later; value is undefined when there is none.
function runCode({ code, count }, onValue, onError) {
  let plan;
  try {
    plan = transformCell(code);
  } catch (error) {
    onError(error);
    return;
  }
  const run = () => {
    try {
      runPlan(plan, count, onValue, onError);
    } catch (error) {
      onError(error);
    }
  };
  if (plan.imports.length > 0) importAll(plan.imports, run, onError);
  else run();
}

function runPlan(plan, count, onValue, onError) {
  prepare(plan.names);
  if (plan.hoisted !== undefined) runScript(plan.hoisted, count, 0);
  const result = runScript(plan.code, count, plan.columnOffset);
  if (plan.mode === SCRIPT) {
    onValue(plan.hasValue ? result : undefined);
    return;
  }
  const returned = Reflect.apply(result, undefined, []);
  if (plan.mode === ASYNC) Reflect.apply(then, returned, [(values) => onValue(values?.[0]), onError]);
  else onValue(returned?.[0]);
}

function runScript(source, count, columnOffset) {
  const script = new Script(source, { filename: `cell_${count}.ts`, columnOffset });
  return Reflect.apply(runInThisContext, script, []);
}

module.exports = { runCode };
