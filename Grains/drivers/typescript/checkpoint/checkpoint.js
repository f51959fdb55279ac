// Saves a session and restores it. A copy of the driver writes the heap, or, where a copy could wait in vain and the session is small,
// the driver itself, while nothing else runs; a helper, which is the program that does it for Python too, packs the files and talks to
// the host.
'use strict';

const { FD, die } = require('../protocol/descriptors.js');
const { toJson } = require('../protocol/frames.js');
const directory = require('../execution/directory.js');
const env = require('../execution/env.js');
const { prepare } = require('../execution/globals.js');
const imports = require('../execution/imports.js');
const { runBreakable, runEventLoop, wakeUp } = require('../execution/loop.js');
const { encode } = require('../output/text.js');
const copy = require('./copy.js');
const functions = require('./functions.js');
const { reasonOf, stand } = require('./lost.js');
const { NotCarried, Walk } = require('./values.js');

const { userGlobal, serialize, deserialize } = host;
const { getOwnPropertyDescriptor } = Reflect;

// What the process may use for the driver to write the heap itself: that takes nearly five times the heap of the context's memory.
const LARGEST_WRITTEN_HERE = 128 << 20;
const MAX_LOST = 256;
const MAX_TEXT = 256;
const EXIT_DAMAGED = 80;
// For a copy that could wait in vain, of the 60 that `saving.py` gives to all of it: it must not keep the next one waiting.
const HEAP_SECONDS = 15;
// Of a frame, and of the length at the end of what the helper leaves.
const HEADER_BYTES = 4;
const LENGTH_BYTES = 8;
// An array of this realm: what user code does to its own is nothing to us.
const HELPER = Array.from(host.helper);
// What it has from there on: the attachments.
const STDIO_FROM_2 = ['ignore', null, null, null, null, FD.attachments];
const RUNTIME = { bun: host.version };

class Checkpoint {
  #userland;
  #expose;
  #home;
  #start = '';
  #environment = {};
  // What every session has.
  #before = new Map();

  constructor(userland, expose) {
    this.#userland = userland;
    this.#expose = expose;
    for (const name of Reflect.ownKeys(userGlobal)) this.#before.set(name, getOwnPropertyDescriptor(userGlobal, name));
  }

  // The session begins in the directory `start` of its home.
  begin(start) {
    this.#home = host.cwd();
    this.#start = start;
    this.#environment = { ...host.env };
  }

  enterDirectory() {
    directory.enter(this.#home, this.#start);
  }

  // Whatever fails costs this checkpoint alone.
  save() {
    try {
      const isAlone = copy.isAlone();
      if (!isAlone && host.memoryUsage().rss <= LARGEST_WRITTEN_HERE) this.#saveStandingStill();
      else copy.start((pause) => partsOf(pause, this.#heap()), this.#command('save'), isAlone ? 0 : HEAP_SECONDS);
    } catch {
      // No descriptor, no memory, no room, no process.
      copy.sayInVain();
    }
  }

  #command(what) {
    return [...HELPER, what, this.#home, toJson(RUNTIME)];
  }

  #saveStandingStill() {
    const begun = host.hrtime();
    let file;
    try {
      const heap = this.#heap();
      file = openUnnamed();
      for (const part of partsOf(copy.millisecondsSince(begun), heap)) copy.writeAll(file, part);
      host.startHelper(this.#command('take'), [file, 'ignore', ...STDIO_FROM_2]);
    } finally {
      if (file !== undefined) host.closeSync(file);
    }
  }

  #heap() {
    functions.readCells();
    const kept = { functions: [], imports: [], values: {}, marks: [], lost: [], directory: this.#directory(), environment: this.#changedEnvironment() };
    const lose = (name, reason) => kept.lost.push({ kind: 'variable', name, reason });
    const classes = new Map();
    const names = new Map();
    const rest = [];
    for (const [name, value] of this.#variables(lose)) {
      const imported = imports.originOf(name, value);
      if (imported !== undefined) kept.imports.push([name, toJson(imported)]);
      else if (typeof value !== 'function') rest.push([name, value]);
      else this.#keepFunction(name, value, kept, names, classes, lose);
    }
    const walk = new Walk(classes);
    for (const [name, value] of rest) {
      try {
        walk.check(value);
        kept.values[name] = value;
      } catch (error) {
        if (!(error instanceof NotCarried)) throw error;
        lose(name, error.message);
      }
    }
    kept.marks = walk.marks;
    return { heap: serializeAll(kept, lose), lost: kept.lost };
  }

  #keepFunction(name, value, kept, names, classes, lose) {
    const { source, isClass, hasPrivate, reason } = functions.describe(value);
    if (reason !== undefined) {
      lose(name, reason);
      return;
    }
    // Another name for the same one.
    const first = names.get(value);
    kept.functions.push([name, first === undefined ? source : first, value, first !== undefined]);
    if (first === undefined) names.set(value, name);
    if (isClass && first === undefined) classes.set(getOwnPropertyDescriptor(value, 'prototype').value, { name, hasPrivate });
  }

  // [name, value] of what is the session's own.
  #variables(lose) {
    const found = [];
    for (const name of Reflect.ownKeys(userGlobal)) {
      const now = getOwnPropertyDescriptor(userGlobal, name);
      const before = this.#before.get(name);
      if (typeof name !== 'string' || name === '_') continue;
      if (Object.hasOwn(now, 'value')) {
        if (before === undefined || !Object.is(before.value, now.value)) found.push([name, now.value]);
      } else if (before === undefined || before.get !== now.get) {
        lose(name, reasonOf(now.get) ?? 'an accessor cannot be saved');
      }
    }
    return found;
  }

  // Empty: the one that every interpreter of the context begins in, and so where it is outside of the home.
  #directory() {
    const path = host.relativePath(this.#home, host.cwd());
    return path === this.#start || path.startsWith('..') ? '' : path || '.';
  }

  #changedEnvironment() {
    const changed = [];
    for (const name of Object.keys(host.env)) {
      if (host.env[name] !== this.#environment[name]) changed.push([name, String(host.env[name])]);
    }
    for (const name of Object.keys(this.#environment)) if (!Object.hasOwn(host.env, name)) changed.push([name, undefined]);
    return changed;
  }

  // What was lost: { lost, lost_count }. Ends the process if the session cannot be restored.
  restore() {
    const file = openUnnamed();
    const { exitCode } = host.runHelper(this.#command('restore'), ['ignore', file, ...STDIO_FROM_2]);
    if (exitCode !== 0) host.exit(exitCode ?? EXIT_DAMAGED);
    try {
      const { size: end } = host.fstatSync(file);
      const size = Number(new DataView(read(file, end - LENGTH_BYTES, LENGTH_BYTES).buffer).getBigUint64(0, true));
      const told = JSON.parse(host.decodeStrictly(read(file, size + HEADER_BYTES, end - LENGTH_BYTES - size - HEADER_BYTES)));
      // Read, it would take its memory twice.
      const heap = host.mapFile(`/proc/self/fd/${file}`, size);
      host.closeSync(file);
      this.enterDirectory();
      return this.#put(deserialize(heap), told);
    } catch {
      return host.exit(EXIT_DAMAGED);
    }
  }

  #put(kept, told) {
    const lost = [];
    const lose = (name, error) => lost.push({ kind: 'variable', name, reason: `it cannot be restored: ${textOf(error)}` });
    if (kept.directory !== '') host.chdir(host.joinPath(this.#home, kept.directory));
    env.change(kept.environment);
    for (const [name, text] of kept.imports) importAgain(JSON.parse(text), (error) => lose(name, error));
    for (const name of Object.keys(kept.values)) define(name, kept.values[name]);
    makeFunctions(kept.functions, lose);
    for (const [value, mark, members] of kept.marks) {
      if (mark === '+') putMembers(value, members);
      else if (mark === 'Buffer') Object.setPrototypeOf(value, host.BufferPrototype);
      else if (mark !== '!') Object.setPrototypeOf(value, mark === '' ? null : (getOwnPropertyDescriptor(userGlobal, mark)?.value?.prototype ?? null));
    }
    for (const [value, mark] of kept.marks) if (mark === '!') Object.freeze(value);
    for (const { name, reason } of [...kept.lost, ...lost]) stand(this.#userland, this.#expose, name, reason);
    return { lost: [...told.lost, ...lost.map(cut)].slice(0, MAX_LOST), lost_count: told.lost_count + lost.length };
  }
}

// What the helper gets. pause: for how long the session stood still, in milliseconds.
function partsOf(pause, { heap, lost }) {
  const told = encode(toJson({ lost: lost.slice(0, MAX_LOST).map(cut), pause_ms: pause, bytes: heap.length }));
  const length = new Uint8Array(HEADER_BYTES);
  new DataView(length.buffer).setUint32(0, told.length, true);
  return [length, told, heap];
}

function putMembers(error, members) {
  for (const name of Object.keys(members)) {
    Object.defineProperty(error, name, { value: members[name], writable: true, enumerable: name !== 'cause', configurable: true });
  }
}

// One clone of everything, so that what variables share stays one object. What the walk has not foreseen is found one by one.
function serializeAll(kept, lose) {
  const everything = () => ({ ...kept, functions: kept.functions.map(([name, source, , isAlias]) => [name, source, isAlias]) });
  try {
    return serialize(everything());
  } catch {
    for (const name of Object.keys(kept.values)) {
      try {
        serialize(kept.values[name]);
      } catch {
        delete kept.values[name];
        lose(name, 'it cannot be saved');
      }
    }
    // Marks may be of what was taken out.
    const walk = new Walk(new Map(kept.marks.filter(([, mark]) => !['', '!', '+', 'Buffer'].includes(mark)).map(([value, name]) => [Reflect.getPrototypeOf(value), { name }])));
    for (const name of Object.keys(kept.values)) walk.check(kept.values[name]);
    kept.marks = walk.marks;
    return serialize(everything());
  }
}

// A class that extends another one has to wait for it.
function makeFunctions(kept, lose) {
  let waiting = kept;
  for (let before = Infinity; waiting.length > 0 && waiting.length < before;) {
    before = waiting.length;
    const errors = new Map();
    waiting = waiting.filter(([name, source, isAlias]) => {
      try {
        define(name, isAlias ? getOwnPropertyDescriptor(userGlobal, source).value : evaluate(name, source));
        functions.recognize(getOwnPropertyDescriptor(userGlobal, name).value);
        return false;
      } catch (error) {
        errors.set(name, error);
        return true;
      }
    });
    if (waiting.length === before) for (const [name] of waiting) lose(name, errors.get(name));
  }
}

// As the value of a property of that name, from which a function takes its own.
function evaluate(name, source) {
  const script = new host.Script(`({${JSON.stringify(name)}:${source}})`, { filename: 'restored.ts' });
  return getOwnPropertyDescriptor(Reflect.apply(host.runInThisContext, script, []), name).value;
}

function importAgain(wanted, onFailure) {
  let isOver = false;
  const over = () => {
    isOver = true;
    wakeUp();
  };
  const isWhole = runBreakable(() => {
    imports.importAll([wanted], over, (error) => {
      onFailure(error);
      over();
    });
    while (!isOver) runEventLoop();
  });
  if (!isWhole) onFailure('interrupted');
}

function define(name, value) {
  prepare([name]);
  Object.defineProperty(userGlobal, name, { value, writable: true, enumerable: true, configurable: true });
}

function cut({ kind, name, reason }) {
  return { kind, name: name.slice(0, MAX_TEXT), reason: reason.slice(0, MAX_TEXT) };
}

function textOf(error) {
  try {
    return String(error);
  } catch {
    return 'it says no more';
  }
}

// In the memory that is limited as files are.
function openUnnamed() {
  const path = host.joinPath(host.temporary, `.checkpoint-${host.hrtime()}`);
  const file = host.openSync(path, 'wx+', 0o600);
  host.unlinkSync(path);
  return file;
}

function read(file, start, size) {
  const bytes = new Uint8Array(size);
  for (let done = 0; done < size;) {
    const count = host.readSync(file, bytes, done, size - done, start + done);
    if (count === 0) die();
    done += count;
  }
  return bytes;
}

module.exports = { Checkpoint };
