// A value of user code as plain data for application/json. Getters of objects and toJSON are not called, proxies are not
// touched. What is not plain data has no JSON at all, since half of it would mislead.
'use strict';

// A frame may nest 200 levels, and two of them are its own.
const MAX_DEPTH = 198;

const { types, ObjectPrototype } = host;
const OMITTED = Symbol('omitted');

class NoJson extends Error {
  // isCut: the value is plain data, and it is our limits that leave it out.
  constructor(message, isCut = false) {
    super(message);
    this.isCut = isCut;
  }
}

// The JSON value, of at most about `room` bytes, or undefined for what JSON leaves out. Throws NoJson.
function toPlainData(value, room) {
  const data = convert(value, { room, ancestors: new Set() });
  return data === OMITTED ? undefined : data;
}

function isPlainObject(value) {
  if (typeof value !== 'object' || value === null || types.isProxy(value) || types.isModuleNamespaceObject(value)) return false;
  const prototype = Reflect.getPrototypeOf(value);
  return prototype === null || prototype === ObjectPrototype;
}

function spend(walk, bytes) {
  walk.room -= bytes;
  if (walk.room < 0) throw new NoJson('it is too large', true);
}

function convert(value, walk) {
  spend(walk, 2);
  switch (typeof value) {
    case 'string':
      spend(walk, value.length);
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : convertObject(value, walk);
    case 'bigint':
      throw notPlain();
    default:
      return OMITTED;
  }
}

function notPlain() {
  return new NoJson('it holds what JSON cannot');
}

function convertObject(value, walk) {
  if (types.isProxy(value)) throw notPlain();
  if (types.isDate(value)) return dateText(value);
  if (walk.ancestors.has(value)) throw new NoJson('it contains itself');
  if (walk.ancestors.size >= MAX_DEPTH) throw new NoJson(`it nests deeper than ${MAX_DEPTH} levels`, true);
  walk.ancestors.add(value);
  const data = convertMembers(value, walk);
  walk.ancestors.delete(value);
  return data;
}

function convertMembers(value, walk) {
  if (Array.isArray(value)) return convertArray(value, walk);
  if (!isPlainObject(value) || types.isBoxedPrimitive(value)) throw notPlain();
  const data = Object.create(null);
  for (const key of Reflect.ownKeys(value)) {
    const property = typeof key === 'string' ? Reflect.getOwnPropertyDescriptor(value, key) : undefined;
    if (!property?.enumerable || !Object.hasOwn(property, 'value')) continue;
    const member = convert(property.value, walk);
    if (member === OMITTED) continue;
    spend(walk, key.length + 3);
    data[key] = member;
  }
  return data;
}

function convertArray(array, walk) {
  // Known before an endless one is walked through.
  if (2 * array.length > walk.room) spend(walk, 2 * array.length);
  const { length } = array;
  const data = [];
  // Read as they are: an array of accessors is not worth what a look at each property of all others costs.
  for (let index = 0; index < length; index += 1) {
    const element = array[index];
    if (typeof element === 'number') {
      walk.room -= 2;
      data.push(Number.isFinite(element) ? element : null);
    } else {
      const member = convert(element, walk);
      data.push(member === OMITTED ? null : member);
    }
  }
  spend(walk, 0);
  return data;
}

function dateText(date) {
  const time = Reflect.apply(Date.prototype.getTime, date, []);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

module.exports = { toPlainData, isPlainObject, NoJson };
