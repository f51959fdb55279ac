// What the driver takes from the main realm, captured before any user code runs.
'use strict';

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const url = require('node:url');
const util = require('node:util');
const vm = require('node:vm');
const { setTimeZone } = require('bun:jsc');
const { expect } = require('bun:test');

const { apply } = Reflect;

module.exports = function captureHost() {
  return Object.assign(Object.create(null), {
    ...files(),
    ...text(),
    ...loop(),
    ...modules(),
    ...processApi(),
    Script: vm.Script,
    runInThisContext: vm.Script.prototype.runInThisContext,
    inspect: util.inspect,
    formatWithOptions: util.formatWithOptions,
    table: Bun.inspect.table,
    types: { ...util.types },
    userGlobal: globalThis,
    ObjectPrototype: Object.prototype,
    domExceptionCode: Object.getOwnPropertyDescriptor(DOMException.prototype, 'code').get,
    SyntaxError,
    version: Bun.version,
    arch: process.arch,
  });
};

function files() {
  const { readSync, writeSync, fstatSync, openSync, closeSync } = fs;
  const { O_RDONLY, O_NONBLOCK } = fs.constants;
  return { readSync, writeSync, fstatSync, openSync, closeSync, O_RDONLY, O_NONBLOCK };
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
  const { Transpiler } = Bun;
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
    pathToFileUrl: (file) => url.pathToFileURL(file).href,
    joinPath: path.join,
    dlopen: process.dlopen,
    transpileDecorators: (source) => (transpile ??= createTranspiler())(source),
  };
}

function processApi() {
  return {
    process,
    env: process.env,
    setTimeZone,
    cwd: process.cwd.bind(process),
    on: process.on,
    off: process.off,
    listeners: process.rawListeners,
    exit: process.reallyExit.bind(process),
  };
}
