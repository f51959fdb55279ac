// What the driver takes from the main realm, captured before any user code runs.
'use strict';

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const util = require('node:util');
const vm = require('node:vm');
const { deserialize, serialize, setTimeZone } = require('bun:jsc');
const { expect } = require('bun:test');
const openLibc = require('./libc.js');

const { apply } = Reflect;

module.exports = function captureHost() {
  return Object.assign(Object.create(null), {
    ...files(),
    ...text(),
    ...loop(),
    ...modules(),
    ...processApi(),
    ...checkpoints(),
    Script: vm.Script,
    runInThisContext: vm.Script.prototype.runInThisContext,
    inspect: util.inspect,
    formatWithOptions: util.formatWithOptions,
    table: Bun.inspect.table,
    types: { ...util.types },
    userGlobal: globalThis,
    toObject: Object,
    globalGetters: globalGetters(),
    ObjectPrototype: Object.prototype,
    domExceptionCode: Object.getOwnPropertyDescriptor(DOMException.prototype, 'code').get,
    SyntaxError,
    version: Bun.version,
    arch: process.arch,
  });
};

// The accessors among the runtime's globals, by their names.
function globalGetters() {
  const getters = Object.create(null);
  for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) if (get) getters[name] = get;
  return getters;
}

function files() {
  const { readSync, writeSync, fstatSync, lstatSync, mkdirSync, openSync, closeSync } = fs;
  const { O_RDONLY, O_NONBLOCK } = fs.constants;
  return { readSync, writeSync, fstatSync, lstatSync, mkdirSync, openSync, closeSync, O_RDONLY, O_NONBLOCK };
}

function text() {
  const encoder = new TextEncoder();
  const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return {
    encodeInto: encoder.encodeInto.bind(encoder),
    decodeStrictly: strictDecoder.decode.bind(strictDecoder),
    createDecoder() {
      const decoder = new TextDecoder('utf-8');
      return decoder.decode.bind(decoder);
    },
    byteLength: Buffer.byteLength,
  };
}

// `await` of the user's realm, which does not look `then` up on promises, where user code may have replaced it.
async function whenSettled(promise, onValue, onError) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    onError(error);
    return;
  }
  onValue(value);
}

// `expect(promise).resolves` runs the event loop until the promise settles. That is undocumented behaviour of this Bun, and
// the one way to keep running the loop inside a script that SIGINT can break; package.json pins the version for it.
function loop() {
  const prototype = Object.getPrototypeOf(expect(0));
  const generator = Object.getPrototypeOf(function* () {}).prototype;
  return {
    expect,
    getResolves: Object.getOwnPropertyDescriptor(prototype, 'resolves').get,
    toBe: prototype.toBe,
    whenSettled,
    generatorNext: generator.next,
    generatorReturn: generator.return,
    generatorThrow: generator.throw,
    setTimeout,
    clearTimeout,
    queueMicrotask,
    openDoorbell: (fd, ring) => Bun.connect({ fd, socket: { data: ring, close: ring, end: ring, error: ring } }),
    hrtime: process.hrtime.bigint,
  };
}

function modules() {
  const { Transpiler, pathToFileURL } = Bun;
  const { transformSync } = Transpiler.prototype;
  let transpile;
  const createTranspiler = () => {
    const transpiler = new Transpiler({ loader: 'ts', target: 'bun', trimUnusedImports: false, deadCodeElimination: false });
    return (source) => apply(transformSync, transpiler, [source]);
  };
  return {
    importModule: (specifier, options) => (options ? import(specifier, options) : import(specifier)),
    resolveModule: Bun.resolveSync,
    createRequire: Module.createRequire,
    isBuiltin: Module.isBuiltin,
    pathToFileUrl: (file) => pathToFileURL(file).href,
    joinPath: path.join,
    dlopen: process.dlopen,
    transpileDecorators: (source) => (transpile ??= createTranspiler())(source),
  };
}

// The launcher's package is its folder; the one above it may be hidden.
const HELPER = `
import sys
launcher = sys.modules["launcher"] = type(sys)("launcher")
launcher.__path__ = [sys.argv.pop(1)]
from launcher.checkpoints.helper import main
main()`;

// The helper is in the folder of the launcher, beside ours.
function checkpoints() {
  const { mmap, spawn, spawnSync } = Bun;
  const { readFileSync } = fs;
  const launcher = path.join(__dirname, '..', '..', 'launcher');
  const helper = ['/usr/bin/python3', '-I', '-S', '-B', '-c', HELPER, launcher];
  const carried = [Object, Array, Map, Set, Date, RegExp, ArrayBuffer, DataView, Boolean, Number, String, Blob,
    Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array,
    Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array];
  if (typeof Float16Array === 'function') carried.push(Float16Array);
  const { isDataView } = util.types;
  const bufferOfArray = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'buffer').get;
  const bufferOfView = Object.getOwnPropertyDescriptor(DataView.prototype, 'buffer').get;
  return {
    ...openLibc(),
    helper,
    startHelper: (cmd, stdio) => spawn({ cmd, stdio, env: {}, cwd: '/' }).unref(),
    runHelper: (cmd, stdio) => spawnSync({ cmd, stdio, env: {}, cwd: '/' }),
    serialize: (value) => serialize(value, { binaryType: 'nodebuffer' }),
    deserialize,
    mapFile: (path, size) => mmap(path, { size }),
    bufferOf: (view) => apply(isDataView(view) ? bufferOfView : bufferOfArray, view, []),
    carriedPrototypes: new Set(carried.map(({ prototype }) => prototype)),
    ArrayPrototype: Array.prototype,
    BufferPrototype: Buffer.prototype,
    functionToString: Function.prototype.toString,
    mapForEach: Map.prototype.forEach,
    setForEach: Set.prototype.forEach,
    relativePath: path.relative,
    temporary: process.env.TMPDIR ?? '/tmp',
    unlinkSync: fs.unlinkSync,
    readdirSync: fs.readdirSync,
    readText: (path) => readFileSync(path, 'latin1'),
    memoryUsage: process.memoryUsage.bind(process),
    chdir: process.chdir.bind(process),
  };
}

// As Bun makes them for a pipe. The class is made when it is first asked for, too.
const { get: getWriteStream } = Object.getOwnPropertyDescriptor(fs, 'WriteStream');

function openStandardStream(fd) {
  const WriteStream = apply(getWriteStream, fs, []);
  const stream = new WriteStream(null, { fd, autoClose: false });
  // Whoever destroys it does not close the descriptor.
  const _destroy = (error, callback) => callback(error);
  return Object.assign(stream, { _type: 'fs', _isStdio: true, destroySoon: stream.destroy, _destroy });
}

function processApi() {
  return {
    process,
    openStandardStream,
    env: process.env,
    setTimeZone,
    cwd: process.cwd.bind(process),
    on: process.on,
    off: process.off,
    listeners: process.rawListeners,
    exit: process.reallyExit.bind(process),
  };
}
