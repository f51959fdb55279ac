// The bytes with which the supervisor says that a frame is on its way.
//
// A signal can break user code between the system call that takes such a byte and the statement that would note it. So the
// byte itself is the note: the buffer holds a value that is never sent until the system call has put one there.
'use strict';

const { die, FD, isRetryable, pause } = require('./descriptors.js');

const NOT_YET = 0xff;
const MANY = 64;

const { openSync, readSync } = host;
const byte = new Uint8Array([NOT_YET]);
const stale = new Uint8Array(MANY);

let isExpected = false;
let mayBeLate = false;

function expect() {
  byte[0] = NOT_YET;
  isExpected = true;
}

function wait() {
  while (isExpected && byte[0] === NOT_YET) {
    try {
      if (readSync(FD.acknowledgements, byte, 0, 1, null) === 0) die();
    } catch (error) {
      if (!isRetryable(error)) die();
      pause();
    }
  }
  isExpected = false;
}

// Nobody waits for this one any more, but it may still come.
function giveUp() {
  if (isExpected && byte[0] === NOT_YET) mayBeLate = true;
  isExpected = false;
}

// Before an execution: the supervisor has acknowledged all that it ever will of those before.
function discardLate() {
  if (!mayBeLate) return;
  mayBeLate = false;
  let fd;
  try {
    fd = openNonBlocking();
    readSync(fd, stale, 0, MANY, null);
  } catch (error) {
    if (!isRetryable(error)) die();
  } finally {
    if (fd !== undefined) host.closeSync(fd);
  }
}

// The same pipe opened again, since to make this descriptor non-blocking would make every wait a busy one.
function openNonBlocking() {
  return openSync(`/proc/self/fd/${FD.acknowledgements}`, host.O_RDONLY | host.O_NONBLOCK);
}

module.exports = { expect, wait, giveUp, discardLate };
