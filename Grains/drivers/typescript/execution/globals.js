// The globals that cells declare, and those that the driver offers to them.
'use strict';

const { HOOKS } = require('../transform/modules.js');

const { userGlobal } = host;
const LAST_VALUE = '_';

function define(name, value, enumerable = false) {
  Object.defineProperty(userGlobal, name, { value, writable: true, enumerable, configurable: true });
}

// A cell may declare a name that the runtime has as an accessor or a constant (`crypto`, `performance`).
function prepare(names) {
  for (const name of names) {
    const property = Reflect.getOwnPropertyDescriptor(userGlobal, name);
    const isPlain = property !== undefined && property.writable === true;
    if (!isPlain && (property === undefined || property.configurable)) define(name, undefined, true);
  }
}

let lastValue;

// `_` is the last value until the user's code uses the name for something else.
function rememberValue(value) {
  const property = Reflect.getOwnPropertyDescriptor(userGlobal, LAST_VALUE);
  if (property !== undefined && !(Object.hasOwn(property, 'value') && Object.is(property.value, lastValue))) return;
  lastValue = value;
  define(LAST_VALUE, value);
}

function installHooks(hooks) {
  Object.defineProperty(userGlobal, HOOKS, { value: hooks });
}

module.exports = { define, prepare, rememberValue, installHooks };
