// Looks values up without running user code: what an accessor or a proxy would say is not asked for.
'use strict';

const { types, userGlobal, toObject, globalGetters } = host;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const MAX_NAME = 1024;
const MAX_ELEMENTS = 10_000;

// { value }, or undefined when it cannot be known.
function resolve(chain) {
  let found = chain[0] === 'this' ? { value: userGlobal } : read(userGlobal, chain[0]);
  for (const key of chain.slice(1)) {
    if (found === undefined) return undefined;
    const holder = objectOf(found.value);
    found = holder === null ? undefined : read(holder, key);
  }
  return found;
}

function read(object, key) {
  for (let holder = object; holder !== null && !types.isProxy(holder); holder = Reflect.getPrototypeOf(holder)) {
    const property = Reflect.getOwnPropertyDescriptor(holder, key);
    if (property !== undefined) return valueOf(property, holder, key);
  }
  return undefined;
}

function valueOf(property, holder, key) {
  if (Object.hasOwn(property, 'value')) return { value: property.value };
  // The runtime's own globals, such as `crypto`: their getters have been there before any user code.
  const isOurs = holder === userGlobal && property.get !== undefined && property.get === globalGetters[key];
  return isOurs ? { value: Reflect.apply(property.get, userGlobal, []) } : undefined;
}

// Names that begin with the prefix and can follow a dot, of the object and its prototypes; at most `limit`.
function namesOf(value, prefix, limit) {
  const names = new Set();
  for (let holder = objectOf(value); holder !== null && !types.isProxy(holder); holder = Reflect.getPrototypeOf(holder)) {
    for (const key of keysOf(holder)) {
      if (names.size >= limit) return names;
      if (typeof key === 'string' && key.startsWith(prefix) && key.length <= MAX_NAME && IDENTIFIER.test(key)) names.add(key);
    }
  }
  return names;
}

// An array of a hundred million elements would otherwise become as many texts.
function keysOf(object) {
  if (ArrayBuffer.isView(object) && !types.isDataView(object)) return [];
  const isIndexed = Array.isArray(object) || types.isStringObject(object);
  return isIndexed && Reflect.getOwnPropertyDescriptor(object, 'length').value > MAX_ELEMENTS ? ['length'] : Reflect.ownKeys(object);
}

// With the prototypes of the user's realm; null for what has no properties.
function objectOf(value) {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' || typeof value === 'function' ? value : toObject(value);
}

module.exports = { resolve, read, namesOf };
