// Frames of PROTOCOL.md: an unsigned 32-bit little-endian length, then one JSON object as UTF-8.
'use strict';

const HEADER_BYTES = 4;
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const SMALL_TEXT = 16 * 1024;

class FrameFault extends Error {}

// The frame of a body that is JSON already. natives: { encodeInto(text, bytes), byteLength(text) }
function createFrameEncoder({ encodeInto, byteLength }) {
  return function encodeFrame(json) {
    // Below a certain size three bytes per UTF-16 unit are cheaper than a second pass over the text.
    const capacity = json.length <= SMALL_TEXT ? json.length * 3 : byteLength(json);
    const bytes = new Uint8Array(HEADER_BYTES + capacity);
    const { written } = encodeInto(json, bytes.subarray(HEADER_BYTES));
    if (written > MAX_BODY_BYTES) throw new FrameFault('frame is too long');
    new DataView(bytes.buffer).setUint32(0, written, true);
    return bytes.subarray(0, HEADER_BYTES + written);
  };
}

// JSON without lone surrogates. JSON.stringify writes each as an escape, so a text without such an escape has none;
// one that only looks like it (an escaped backslash) costs the slower way and nothing else.
function toJson(value) {
  const json = JSON.stringify(value);
  return /\\ud[89a-f]/.test(json) ? JSON.stringify(wellFormed(value)) : json;
}

function wellFormed(value) {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(wellFormed);
  const copy = Object.create(null);
  for (const key of Object.keys(value)) copy[key.toWellFormed()] = wellFormed(value[key]);
  return copy;
}

// Collects bytes and yields whole frames. natives: { decodeStrictly(bytes) } which throws on what is not UTF-8.
class FrameReader {
  #decode;
  #buffer = new Uint8Array(SMALL_TEXT);
  #start = 0;
  #end = 0;

  constructor({ decodeStrictly }) {
    this.#decode = decodeStrictly;
  }

  get bufferedBytes() {
    return this.#end - this.#start;
  }

  push(chunk) {
    this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  // The next frame, or undefined while it is incomplete. Throws FrameFault on anything that is not a frame.
  next() {
    if (this.bufferedBytes < HEADER_BYTES) return undefined;
    const length = new DataView(this.#buffer.buffer, this.#start, HEADER_BYTES).getUint32(0, true);
    if (length < 1 || length > MAX_BODY_BYTES) throw new FrameFault('frame length is out of range');
    if (this.bufferedBytes < HEADER_BYTES + length) return undefined;
    const bodyStart = this.#start + HEADER_BYTES;
    const frame = this.#parse(this.#buffer.subarray(bodyStart, bodyStart + length));
    this.#start = bodyStart + length;
    if (this.#start === this.#end) this.#reset();
    return frame;
  }

  #parse(body) {
    let frame;
    try {
      frame = JSON.parse(this.#decode(body));
    } catch {
      throw new FrameFault('frame is not JSON in UTF-8');
    }
    if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) throw new FrameFault('frame is not an object');
    return frame;
  }

  #makeRoom(bytes) {
    if (this.#end + bytes <= this.#buffer.length) return;
    const needed = this.bufferedBytes + bytes;
    const target = needed <= this.#buffer.length ? this.#buffer : new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    target.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = target;
    this.#end -= this.#start;
    this.#start = 0;
  }

  // A large request must not keep its buffer for the life of the interpreter.
  #reset() {
    this.#start = this.#end = 0;
    if (this.#buffer.length > 4 * SMALL_TEXT) this.#buffer = new Uint8Array(SMALL_TEXT);
  }
}

module.exports = { createFrameEncoder, FrameReader, FrameFault, toJson, MAX_BODY_BYTES };
