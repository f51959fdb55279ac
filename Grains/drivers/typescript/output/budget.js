// How much of an execution's `item_bytes` is left, and what of an item fits into it.
'use strict';

const { toJson, MAX_BODY_BYTES } = require('../protocol/frames.js');
const { notice } = require('./text.js');

// Room for the other members of an item frame.
const FRAME_MARGIN = 64 * 1024;
// Once so many bytes of notices went over the budget, further items are dropped without a word.
const NOTICE_ALLOWANCE = 16 * 1024;

class ItemBudget {
  #left;
  #noticesLeft = NOTICE_ALLOWANCE;

  constructor(itemBytes) {
    this.#left = itemBytes;
  }

  // The part of `data` that may be sent, or undefined when not even a notice may. The largest representations go first.
  fit(data) {
    const left = Math.min(this.#left, MAX_BODY_BYTES - FRAME_MARGIN);
    const sizes = Object.keys(data).map((mime) => ({ mime, bytes: memberBytes(mime, data[mime], left) }));
    sizes.sort((a, b) => a.bytes - b.bytes);
    const total = sizes.reduce((sum, { bytes }) => sum + bytes, 2);
    let kept = total;
    while (sizes.length > 0 && kept > left) kept -= sizes.pop().bytes;
    if (sizes.length === 0) return this.#noticeOf(total);
    this.#left -= kept;
    return kept === total ? data : Object.fromEntries(sizes.map(({ mime }) => [mime, data[mime]]));
  }

  #noticeOf(droppedBytes) {
    const data = { 'text/plain': notice(droppedBytes) };
    this.#noticesLeft -= memberBytes('text/plain', data['text/plain'], NOTICE_ALLOWANCE);
    return this.#noticesLeft < 0 ? undefined : data;
  }
}

// The size of one member of `data` on the wire. What is too large by its length alone is never built as JSON.
function memberBytes(mime, value, limit) {
  const overhead = mime.length + 4;
  if (typeof value === 'string' && value.length > limit) return host.byteLength(value) + overhead;
  return host.byteLength(toJson(value)) + overhead;
}

module.exports = { ItemBudget };
