// process.stdout.write and process.stderr.write of user code. The stream objects of Bun cost milliseconds and memory to make,
// so each is patched when user code first asks for it.
'use strict';

const { byteCount } = require('./bytes.js');
const { print, printBytes } = require('./streams.js');

const { types, process } = host;

function installStdio(expose) {
  for (const name of ['stdout', 'stderr']) {
    const original = Reflect.getOwnPropertyDescriptor(process, name);
    const open = () => {
      const stream = Object.hasOwn(original, 'value') ? original.value : Reflect.apply(original.get, process, []);
      define(stream, 'write', expose('write', writer(name)));
      define(process, name, stream);
      return stream;
    };
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get: expose(name, open),
      set: expose(name, (value) => define(process, name, value)),
    });
  }
}

function define(target, name, value) {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: true });
}

// stream.write(chunk, encoding?, callback?)
function writer(name) {
  return (chunk, ...rest) => {
    if (types.isUint8Array(chunk)) printBytes(name, chunk, byteCount(chunk));
    else print(name, String(chunk));
    const callback = rest.findLast((value) => typeof value === 'function');
    if (callback) host.queueMicrotask(callback);
    return true;
  };
}

module.exports = { installStdio };
