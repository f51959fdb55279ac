// Environment variables of one execution: set before it, put back after it.
'use strict';

const { env } = host;

// Defines instead of assigning, so that a setter that user code left on `process.env` does not run. TZ is the exception:
// Bun's own setter tells the date functions about it.
const ASSIGNED = 'TZ';
const ownSetter = Reflect.getOwnPropertyDescriptor(env, ASSIGNED)?.set;

function set(name, value) {
  const current = Reflect.getOwnPropertyDescriptor(env, name);
  if (name === ASSIGNED && ownSetter !== undefined && current?.set === ownSetter) return Reflect.set(env, name, value);
  return Reflect.defineProperty(env, name, { value, writable: true, enumerable: true, configurable: true });
}

function setAll(variables) {
  for (const name of Object.keys(variables)) set(name, variables[name]);
}

// Sets the variables and returns what puts back the former ones.
function override(variables) {
  const former = Object.keys(variables).map((name) => [name, Reflect.getOwnPropertyDescriptor(env, name)]);
  const formerZone = Object.hasOwn(variables, ASSIGNED) ? env[ASSIGNED] : undefined;
  setAll(variables);
  return function restore() {
    for (const [name, property] of former) {
      if (property === undefined) Reflect.deleteProperty(env, name);
      else if (name === ASSIGNED && property.set === ownSetter) set(name, formerZone);
      else Reflect.defineProperty(env, name, property);
    }
  };
}

module.exports = { override, setAll };
