// Environment variables of one execution: set before it, put back after it.
//
// They are defined, not assigned; what Bun's own accessor does for TZ is done here. Even so a setter that user code left on
// Object.prototype runs: only inside the breakable scope.
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

// { isEmpty, set, restore } for the variables of an execution.
function overrides(variables) {
  const names = Object.keys(variables);
  const former = names.map((name) => Reflect.getOwnPropertyDescriptor(env, name)?.value);
  const formerZone = Object.hasOwn(variables, TIME_ZONE) ? env[TIME_ZONE] : undefined;
  return {
    isEmpty: names.length === 0,
    set: () => setAll(variables),
    restore() {
      names.forEach((name, index) => {
        if (former[index] === undefined) Reflect.deleteProperty(env, name);
        else define(name, former[index]);
      });
      if (Object.hasOwn(variables, TIME_ZONE)) useTimeZone(formerZone);
    },
  };
}

// Pairs of a name and its value, undefined for none.
function change(pairs) {
  for (const [name, value] of pairs) {
    if (value === undefined) Reflect.deleteProperty(env, name);
    else define(name, value);
    if (name === TIME_ZONE) useTimeZone(value);
  }
}

module.exports = { change, overrides, setAll };
