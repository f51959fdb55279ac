// The driver's descriptors: requests in, events out, acknowledgements in.
//
// User code that is being interrupted can be torn away at any loop or call, also in the middle of `send` when it was on its
// way through `display`. So what is still to be written or read is kept in plain variables, each changed in the same
// statement as the system call it counts, and `settle` finishes it from outside. A frame is never cut short or doubled.
'use strict';

const { createFrameEncoder, FrameReader } = require('./frames.js');
const { checkRequest } = require('./requests.js');

const FD = { requests: 3, doorbell: 4, events: 5, acknowledgements: 6 };
const READ_BYTES = 64 * 1024;
const EXIT_END_OF_REQUESTS = 0;
const EXIT_FAULT = 70;

const encodeFrame = createFrameEncoder(host);
const reader = new FrameReader(host);
const readBuffer = new Uint8Array(READ_BYTES);
const acknowledgement = new Uint8Array(1);
const sleepCell = new Int32Array(new SharedArrayBuffer(4));
const { readSync, writeSync, fstatSync, exit } = host;

let outgoing = null;
let written = 0;
let acknowledgementsOwed = 0;

function isRetryable(error) {
  return error.code === 'EAGAIN' || error.code === 'EINTR';
}

// Waits for a descriptor that user code has made non-blocking, or that refuses for the moment.
function pause() {
  Atomics.wait(sleepCell, 0, 0, 1);
}

// Nothing can be said any more when a descriptor is gone or holds something else: the end of the process is the answer.
function die() {
  exit(EXIT_FAULT);
}

function send(event) {
  settle();
  const bytes = encodeFrame(event);
  const owed = event.ack ? 1 : 0;
  written = 0;
  outgoing = bytes;
  acknowledgementsOwed = owed;
  settle();
}

// Writes the rest of the outgoing frame and waits for its acknowledgement.
function settle() {
  while (outgoing !== null) {
    try {
      written += writeSync(FD.events, outgoing, written, outgoing.length - written, null);
    } catch (error) {
      if (!isRetryable(error)) die();
      pause();
    }
    if (written === outgoing.length) outgoing = null;
  }
  while (acknowledgementsOwed > 0) {
    try {
      const count = readSync(FD.acknowledgements, acknowledgement, 0, 1, null);
      acknowledgementsOwed -= 1;
      if (count === 0) die();
    } catch (error) {
      if (!isRetryable(error)) die();
      pause();
    }
  }
}

// All requests that have arrived, without waiting for more.
function receive() {
  const requests = [];
  try {
    for (;;) {
      const count = readRequests();
      if (count < 0) return requests;
      if (count === 0) exit(EXIT_END_OF_REQUESTS);
      reader.push(readBuffer.subarray(0, count));
      for (let frame = reader.next(); frame; frame = reader.next()) requests.push(checkRequest(frame));
    }
  } catch {
    die();
  }
}

function readRequests() {
  for (;;) {
    try {
      return readSync(FD.requests, readBuffer, 0, READ_BYTES, null);
    } catch (error) {
      if (error.code === 'EAGAIN') return -1;
      if (error.code !== 'EINTR') throw error;
    }
  }
}

const identities = [FD.requests, FD.doorbell, FD.events, FD.acknowledgements].map((fd) => ({ fd, ...identityOf(fd) }));

function identityOf(fd) {
  const { dev, ino } = fstatSync(fd);
  return { dev, ino };
}

// User code can close or replace a descriptor; without the doorbell the driver would then wait for ever. Dying says it.
function dieUnlessIntact() {
  for (const { fd, dev, ino } of identities) {
    let now;
    try {
      now = identityOf(fd);
    } catch {
      die();
    }
    if (now.dev !== dev || now.ino !== ino) die();
  }
}

module.exports = { FD, send, settle, receive, die, dieUnlessIntact, pause, isRetryable };
