// The driver's descriptors: requests in, events out.
'use strict';

const { createFrameEncoder, FrameReader, toJson } = require('./frames.js');
const { checkRequest } = require('./requests.js');
const acknowledgements = require('./acknowledgements.js');
const { die, EXIT_END_OF_REQUESTS, FD, isRetryable, pause } = require('./descriptors.js');

const READ_BYTES = 64 * 1024;
// What a pipe takes whole or not at all (PIPE_BUF of Linux).
const ATOMIC_BYTES = 4096;

const { readSync, writeSync, exit } = host;
const encodeFrame = createFrameEncoder(host);
const reader = new FrameReader(host);
const readBuffer = new Uint8Array(READ_BYTES);

// The frame that is being written. User code that calls `display` can be torn away by a signal in the middle of it; then
// `recover` decides from these what has become of the frame.
let outgoing = null;
let written = 0;
let isWriting = false;
let isRehearsal = false;

// Calls `run`; what it sends goes nowhere.
function rehearse(run) {
  isRehearsal = true;
  run();
  isRehearsal = false;
}

function send(event) {
  sendJson(toJson(event), event.ack === true);
}

// `json` asks for an acknowledgement exactly when `isAcknowledged`.
function sendJson(json, isAcknowledged) {
  const bytes = encodeFrame(json);
  if (isRehearsal) return;
  written = 0;
  outgoing = bytes;
  if (isAcknowledged) acknowledgements.expect();
  writeOut();
  if (isAcknowledged) acknowledgements.wait();
}

function writeOut() {
  while (outgoing !== null) {
    try {
      isWriting = true;
      written += writeSync(FD.events, outgoing, written, outgoing.length - written, null);
      isWriting = false;
    } catch (error) {
      isWriting = false;
      if (!isRetryable(error)) die();
      pause();
    }
    if (written === outgoing.length) outgoing = null;
    // Cut short by a signal. If that is to break user code, it shall do so here, where the count is known.
    else pause();
  }
}

// After a signal has broken user code. A short frame has gone out whole or not at all, and either will do. A longer one is
// finished; but if it is not known how much of it has gone out, nobody could read what comes behind it.
function recover() {
  if (outgoing !== null && outgoing.length > ATOMIC_BYTES) {
    if (isWriting) die();
    if (written > 0) writeOut();
  }
  outgoing = null;
  isWriting = false;
  acknowledgements.giveUp();
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

// The bytes read, or -1 when there are none now.
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

// Whether a request has arrived in part. Its rest may come without a ring.
function isReceiving() {
  return reader.bufferedBytes > 0;
}

module.exports = { send, sendJson, recover, receive, isReceiving, rehearse };
