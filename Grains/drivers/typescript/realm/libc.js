// Functions of the C library that the driver calls, looked up before any user code runs.
'use strict';

const { dlopen, ptr } = require('bun:ffi');

const FUNCTIONS = {
  syscall: { args: ['i64', 'i64', 'i64', 'i64', 'i64', 'i64'], returns: 'int' },
  madvise: { args: ['ptr', 'usize', 'int'], returns: 'int' },
  pthread_sigmask: { args: ['int', 'ptr', 'ptr'], returns: 'int' },
  sigfillset: { args: ['ptr'], returns: 'int' },
  sigaddset: { args: ['ptr', 'int'], returns: 'int' },
  sigtimedwait: { args: ['ptr', 'ptr', 'ptr'], returns: 'int' },
  signal: { args: ['int', 'ptr'], returns: 'ptr' },
  alarm: { args: ['u32'], returns: 'u32' },
  send: { args: ['int', 'ptr', 'usize', 'int'], returns: 'int' },
  pipe2: { args: ['ptr', 'int'], returns: 'int' },
  dup2: { args: ['int', 'int'], returns: 'int' },
  prctl: { args: ['int', 'u64', 'u64', 'u64', 'u64'], returns: 'int' },
  setsid: { args: [], returns: 'int' },
  execve: { args: ['ptr', 'ptr', 'ptr'], returns: 'int' },
  _exit: { args: ['int'], returns: 'void' },
};

module.exports = function openLibc() {
  return { c: dlopen('libc.so.6', FUNCTIONS).symbols, addressOf: ptr };
};
