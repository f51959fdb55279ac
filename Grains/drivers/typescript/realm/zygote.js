// A Bun takes long to start, and little to copy. So the launcher, which is a Python, runs inside of a driver that is ready: its
// forks are drivers, too. Of those only the ones that call us back go on as one; in the launcher itself no JavaScript runs
// any more.
'use strict';

const fs = require('node:fs');
const { dlopen, JSCallback, ptr } = require('bun:ffi');
const { setRandomSeed } = require('bun:jsc');
const forgetRandomness = require('./randomness.js');

const RTLD_NOW = 2;
const RTLD_GLOBAL = 0x100;

// library: the name of libpython. command: the launcher's command line, which lacks the address of the function that a fork
// calls to become a driver, 0 where none can. goOn: what such a fork, told that it is one, then does; never returns. Does not
// return either.
module.exports = function runLauncher(library, command, goOn) {
  const becomeDriver = () => {
    setRandomSeed(crypto.getRandomValues(new Uint32Array(1))[0]);
    goOn(true);
  };
  try {
    const main = openPython(library);
    const callback = new JSCallback(becomeDriver, { returns: 'void' });
    const { words, addresses } = argumentsOf([...command, String(callback.ptr)]);
    // A copy that collects this garbage would write to half of its memory.
    Bun.gc(true);
    forgetRandomness();
    process.reallyExit(main(words.length, ptr(addresses)));
  } catch (error) {
    startLauncherAlone(command, error);
  }
};

// In our place. Uncaught, the error would be a listener's of ours, and the launcher would never be ready and never say why.
function startLauncherAlone(command, error) {
  fs.writeSync(2, `launcher[${process.pid}]: no copies of Bun: ${error.message}; every context starts its own, which takes longer\n`);
  const { symbols: c } = dlopen('libc.so.6', { execv: { args: ['ptr', 'ptr'], returns: 'int' } });
  const { words, addresses } = argumentsOf([...command, '0']);
  c.execv(ptr(words[0]), ptr(addresses));
  process.reallyExit(1);
}

// As C wants them; valid as long as `words` are held.
function argumentsOf(texts) {
  const words = texts.map(cString);
  return { words, addresses: BigUint64Array.from([...words.map((word) => ptr(word)), 0], BigInt) };
}

// The function that is the program `python3`.
function openPython(library) {
  // Python's own libraries look for its functions among those that everybody can see.
  const { symbols: c } = dlopen('libc.so.6', { dlopen: { args: ['ptr', 'int'], returns: 'ptr' } });
  c.dlopen(ptr(cString(library)), RTLD_NOW | RTLD_GLOBAL);
  const { symbols: python } = dlopen(library, { Py_BytesMain: { args: ['int', 'ptr'], returns: 'int' } });
  return python.Py_BytesMain;
}

function cString(text) {
  return Buffer.from(`${text}\0`);
}
