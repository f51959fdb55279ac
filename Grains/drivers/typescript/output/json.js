// A value of user code as plain data for application/json. Runs no user code: getters and toJSON are not called, proxies
// are not touched. What is not plain data has no JSON at all, since half of it would mislead.
'use strict';

const MAX_NODES = 20_000;
const MAX_DEPTH = 32;
const MAX_STRING = 1024 * 1024;

const { types, ObjectPrototype } = host;
const OMITTED = Symbol('omitted');

class NotPlain extends Error {}

// The JSON value, or undefined when there is none.
function toPlainData(value) {
  try {
    const data = convert(value, { nodes: MAX_NODES, ancestors: new Set() });
    return data === OMITTED ? undefined : data;
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

function isPlainObject(value) {
  if (typeof value !== 'object' || value === null || types.isProxy(value) || types.isModuleNamespaceObject(value)) return false;
  const prototype = Reflect.getPrototypeOf(value);
  return prototype === null || prototype === ObjectPrototype;
}

function convert(value, walk) {
  walk.nodes -= 1;
  if (walk.nodes < 0) throw new NotPlain();
  switch (typeof value) {
    case 'string':
      if (value.length > MAX_STRING) throw new NotPlain();
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : convertObject(value, walk);
    case 'bigint':
      throw new NotPlain();
    default:
      return OMITTED;
  }
}

function convertObject(value, walk) {
  if (types.isProxy(value)) throw new NotPlain();
  if (types.isDate(value)) return dateText(value);
  if (walk.ancestors.has(value) || walk.ancestors.size >= MAX_DEPTH) throw new NotPlain();
  walk.ancestors.add(value);
  const data = convertMembers(value, walk);
  walk.ancestors.delete(value);
  return data;
}

function convertMembers(value, walk) {
  if (Array.isArray(value)) return convertArray(value, walk);
  if (!isPlainObject(value) || types.isBoxedPrimitive(value)) throw new NotPlain();
  const data = Object.create(null);
  for (const key of Reflect.ownKeys(value)) {
    const property = typeof key === 'string' ? Reflect.getOwnPropertyDescriptor(value, key) : undefined;
    if (!property?.enumerable || !Object.hasOwn(property, 'value')) continue;
    const member = convert(property.value, walk);
    if (member !== OMITTED) data[key] = member;
  }
  return data;
}

function convertArray(array, walk) {
  if (array.length > walk.nodes) throw new NotPlain();
  const data = [];
  for (let index = 0; index < array.length; index += 1) {
    const property = Reflect.getOwnPropertyDescriptor(array, index);
    const member = property && Object.hasOwn(property, 'value') ? convert(property.value, walk) : OMITTED;
    data.push(member === OMITTED ? null : member);
  }
  return data;
}

function dateText(date) {
  const time = Reflect.apply(Date.prototype.getTime, date, []);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

module.exports = { toPlainData, isPlainObject };
