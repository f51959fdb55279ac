// process.stdout.write and process.stderr.write of user code. Stream objects cost ten milliseconds and a megabyte to make, so
// each is made when user code first asks for it.
'use strict';

const { byteCount } = require('./bytes.js');
const { print, printBytes } = require('./streams.js');
const { FD } = require('../protocol/descriptors.js');

const { types, process, openStandardStream } = host;
const DESCRIPTORS = { stdout: FD.stdout, stderr: FD.stderr };

function installStdio(expose) {
  for (const name of Object.keys(DESCRIPTORS)) {
    // To look at Bun's own, or to define another, makes it. To assign one does not.
    process[name] = undefined;
    const open = () => {
      const stream = openStandardStream(DESCRIPTORS[name]);
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
