// Which values the structured clone of this runtime carries, and what has to be done to what comes out of it. Runs no user
// code: accessors and proxies are not touched.
'use strict';

const { apply, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { types, bufferOf, mapForEach, setForEach, ArrayPrototype, ObjectPrototype, carriedPrototypes, BufferPrototype } = host;

const OF_ERRORS = new Set(['message', 'stack', 'line', 'column', 'sourceURL', 'originalLine', 'originalColumn']);

class NotCarried extends Error {}

// classes: prototype -> { name, hasPrivate } of the classes that are carried.
class Walk {
  #classes;
  #known = new Set();
  // [object, class name], and '' for what has no prototype, '!' for what may not be changed, '+' with the members of an error.
  marks = [];

  constructor(classes) {
    this.#classes = classes;
  }

  // Throws NotCarried. What it has found out of a value that is not carried is forgotten.
  check(value) {
    const found = [];
    const marks = [];
    const stack = [value];
    try {
      while (stack.length > 0) this.#look(stack.pop(), stack, found, marks);
    } catch (error) {
      for (const object of found) this.#known.delete(object);
      throw error;
    }
    for (const mark of marks) this.marks.push(mark);
  }

  #look(value, stack, found, marks) {
    if (typeof value === 'function') throw new NotCarried('it holds a function, which cannot be saved');
    if (typeof value === 'symbol') throw new NotCarried('a symbol cannot be saved');
    if (typeof value !== 'object' || value === null || this.#known.has(value)) return;
    this.#known.add(value);
    found.push(value);
    if (types.isProxy(value)) throw new NotCarried('a proxy cannot be saved');
    if (!Object.isExtensible(value) && Object.isFrozen(value)) marks.push([value, '!']);
    const prototype = getPrototypeOf(value);
    if (prototype === ArrayPrototype) {
      // An accessor in the place of an element would be called, which is no worse than what the clone does.
      for (let index = 0; index < value.length; index += 1) pushValue(value[index], stack);
    } else if (prototype === ObjectPrototype) {
      for (const key of ownKeys(value)) pushMember(value, key, stack);
    } else {
      this.#lookCloser(value, prototype, stack, marks);
    }
  }

  #lookCloser(value, prototype, stack, marks) {
    if (types.isGeneratorObject(value)) throw new NotCarried('a generator cannot be saved');
    if (types.isPromise(value)) throw new NotCarried('a promise cannot be saved');
    if (types.isModuleNamespaceObject(value)) throw new NotCarried('a module cannot be saved');
    // The clone makes an ordinary buffer of it, which whoever gets it would share with nobody.
    if (types.isSharedArrayBuffer(types.isArrayBufferView(value) ? bufferOf(value) : value)) throw new NotCarried('shared memory cannot be saved');
    this.#mark(value, prototype, marks);
    if (types.isArrayBufferView(value) || types.isAnyArrayBuffer(value)) return;
    if (types.isMap(value)) apply(mapForEach, value, [(item, key) => void stack.push(item, key)]);
    else if (types.isSet(value)) apply(setForEach, value, [(item) => void stack.push(item)]);
    if (Array.isArray(value)) for (let index = 0; index < value.length; index += 1) pushMember(value, index, stack);
    else for (const key of ownKeys(value)) pushMember(value, key, stack, types.isNativeError(value));
  }

  #mark(value, prototype, marks) {
    const ofSession = this.#classes.get(prototype);
    if (ofSession?.hasPrivate) throw new NotCarried('an object with private members cannot be saved');
    if (ofSession !== undefined) marks.push([value, ofSession.name]);
    else if (prototype === null) marks.push([value, '']);
    else if (prototype === BufferPrototype) marks.push([value, 'Buffer']);
    else if (!carriedPrototypes.has(prototype)) throw new NotCarried(`${nameOf(prototype)} cannot be saved`);
    if (types.isNativeError(value)) marks.push([value, '+', membersOf(value)]);
  }
}

function pushMember(value, key, stack, isError = false) {
  const property = getOwnPropertyDescriptor(value, key);
  // An error keeps its stack in an accessor or not, as it likes.
  if (property === undefined || (isError && key === 'stack')) return;
  if (!Object.hasOwn(property, 'value')) throw new NotCarried('it has an accessor, which cannot be saved');
  if (typeof key === 'symbol') throw new NotCarried('it has a member whose name is a symbol, which cannot be saved');
  pushValue(property.value, stack);
}

function pushValue(value, stack) {
  if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol') stack.push(value);
}

// What an error has beside what the clone keeps of it.
function membersOf(error) {
  const members = Object.create(null);
  for (const key of ownKeys(error)) {
    const property = getOwnPropertyDescriptor(error, key);
    if (typeof key === 'string' && !OF_ERRORS.has(key) && Object.hasOwn(property, 'value')) members[key] = property.value;
  }
  return members;
}

// Without running anything of the user's.
function nameOf(prototype) {
  const constructor = getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  const tag = getOwnPropertyDescriptor(prototype, Symbol.toStringTag)?.value;
  const name = typeof constructor === 'function' ? getOwnPropertyDescriptor(constructor, 'name')?.value : undefined;
  const text = [name, tag].find((one) => typeof one === 'string' && one !== '' && one !== 'Object');
  return text === undefined ? 'an object of a class without a name' : `an object of the class ${text}`;
}

module.exports = { NotCarried, Walk };
