// How much of an execution's `item_bytes` is left, what of an item fits into it, and the words for what does not.
'use strict';

const { toJson, MAX_BODY_BYTES } = require('../protocol/frames.js');
const { notice } = require('./text.js');

// What an item counts beside its data, here as at the host.
const ITEM_OVERHEAD = 64;
// Kept back for the last item of an execution: that something was dropped is said even when nothing fits any more.
const RESERVE = 160;
// Room for the other members of an item frame.
const MAX_DATA = MAX_BODY_BYTES - 64 * 1024;
const TEXT = 'text/plain';

const { byteLength } = host;

class ItemBudget {
  #left;
  #displays = new Map();
  #unsaid = 0;
  #isPrimaryUnsaid = false;

  constructor(itemBytes) {
    this.#left = itemBytes - RESERVE;
  }

  // The largest `data` that could be taken now. An update gives back what the item had that it replaces.
  room(item) {
    return Math.max(0, Math.min(this.#left + this.#replaced(item) - ITEM_OVERHEAD, MAX_DATA));
  }

  // The `data` of an item as JSON, as far as it fits: the largest representations go first. Undefined when not even a word
  // about it fits; then `lastWords` counts it. item: { primary?, display_id?, update? }
  take({ data, notes, lost }, item) {
    const room = this.room(item);
    const all = Object.keys(data).map((mime) => memberOf(mime, data[mime]));
    const members = all.toSorted((a, b) => a.bytes - b.bytes);
    let dropped = lost;
    let words = wordsFor(notes, dropped);
    while (members.length > 0 && sizeOf(members, words) > room) {
      dropped += members.pop().valueBytes;
      words = wordsFor(notes, dropped);
    }
    if (dropped > 0 && sizeOf(members, words) > room) words = notice(dropped);
    const size = sizeOf(members, words);
    if (size > room) {
      this.#unsaid += dropped || words.length;
      this.#isPrimaryUnsaid ||= item.primary === true;
      return undefined;
    }
    this.#left -= size + ITEM_OVERHEAD - this.#replaced(item);
    if (item.display_id !== undefined) this.#displays.set(item.display_id, size + ITEM_OVERHEAD);
    return dataOf(all.filter((member) => members.includes(member)), words);
  }

  // What says what was dropped without a word: { data, primary? }, or undefined.
  lastWords() {
    if (this.#unsaid === 0) return undefined;
    const data = toJson({ [TEXT]: notice(this.#unsaid) });
    return this.#isPrimaryUnsaid ? { data, primary: true } : { data };
  }

  #replaced({ display_id: name, update }) {
    return update ? (this.#displays.get(name) ?? 0) : 0;
  }
}

function memberOf(mime, value) {
  const key = toJson(mime);
  const json = toJson(value);
  const valueBytes = byteLength(json);
  return { mime, key, json, valueBytes, bytes: valueBytes + byteLength(key) + 2 };
}

function wordsFor(notes, dropped) {
  return (dropped > 0 ? [...notes, notice(dropped)] : notes).join('\n');
}

// At the most: what the words are joined to has quotes already.
function sizeOf(members, words) {
  const size = members.reduce((sum, { bytes }) => sum + bytes, 2);
  return words === '' ? size : size + byteLength(toJson(words)) + TEXT.length + 4;
}

// The words are the last lines of the text, or all of it.
function dataOf(members, words) {
  if (words !== '') {
    const text = members.find(({ mime }) => mime === TEXT);
    if (text) text.json = text.json.slice(0, -1) + toJson(`\n${words}`).slice(1);
    else members.push({ key: toJson(TEXT), json: toJson(words) });
  }
  return `{${members.map(({ key, json }) => `${key}:${json}`).join(',')}}`;
}

module.exports = { ItemBudget };
