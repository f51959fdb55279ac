// Environment variables of one execution: set before it, put back after it.
//
// They are defined, not assigned, so that no setter that user code left on Object.prototype runs. What Bun's own accessor does
// for TZ is done here.
'use strict';

const { env } = host;
const TIME_ZONE = 'TZ';

function define(name, value) {
  Reflect.defineProperty(env, name, { value, writable: true, enumerable: true, configurable: true });
}

function useTimeZone(zone) {
  try {
    host.setTimeZone(typeof zone === 'string' ? zone : '');
  } catch {
    // Unknown to the runtime, which then keeps the one it has.
  }
}

function setAll(variables) {
  for (const name of Object.keys(variables)) define(name, variables[name]);
  if (Object.hasOwn(variables, TIME_ZONE)) useTimeZone(variables[TIME_ZONE]);
}

// Sets the variables and returns what puts back the former ones.
function override(variables) {
  const former = Object.keys(variables).map((name) => [name, Reflect.getOwnPropertyDescriptor(env, name)]);
  const hasZone = Object.hasOwn(variables, TIME_ZONE);
  const formerZone = hasZone ? env[TIME_ZONE] : undefined;
  setAll(variables);
  return function restore() {
    for (const [name, property] of former) {
      if (property?.value === undefined) Reflect.deleteProperty(env, name);
      else Reflect.defineProperty(env, name, property);
    }
    if (hasZone) useTimeZone(formerZone);
  };
}

module.exports = { override, setAll };
