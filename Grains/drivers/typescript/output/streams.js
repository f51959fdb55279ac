// What user code prints goes straight to the descriptors, at once, so that it keeps its place among the output of child
// processes and native code. Turning from one stream to the other asks the supervisor for a `sync` first.
'use strict';

const { withoutOurFrames } = require('../errors/stack.js');
const { FD, isRetryable, pause } = require('../protocol/descriptors.js');
const { asWritten } = require('../transform/awaits.js');

const CHUNK_UNITS = 16 * 1024;
const buffer = new Uint8Array((CHUNK_UNITS + 1) * 3);

let lastStream = null;
let synchronise = null;

// synchronise() is called between two streams; null while no execution runs, when output is dropped.
function open(onTurn) {
  lastStream = null;
  synchronise = onTurn;
}

function close() {
  synchronise = null;
}

function turnTo(stream) {
  if (synchronise === null) return false;
  if (lastStream !== null && lastStream !== stream) synchronise();
  lastStream = stream;
  return true;
}

function print(stream, shown) {
  const text = asWritten(withoutOurFrames(shown));
  if (text.length === 0 || !turnTo(stream)) return;
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + CHUNK_UNITS, text.length);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end += 1;
    const { written } = host.encodeInto(text.slice(start, end), buffer);
    writeAll(FD[stream], buffer, written);
    start = end;
  }
}

function printBytes(stream, bytes, length) {
  if (length > 0 && turnTo(stream)) writeAll(FD[stream], bytes, length);
}

function isHighSurrogate(unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function writeAll(fd, bytes, length) {
  for (let offset = 0; offset < length; ) {
    try {
      offset += host.writeSync(fd, bytes, offset, length - offset, null);
    } catch (error) {
      // A stream that user code has closed takes no more output; that is no reason to fail its code.
      if (!isRetryable(error)) return;
      pause();
    }
  }
}

module.exports = { open, close, print, printBytes };
