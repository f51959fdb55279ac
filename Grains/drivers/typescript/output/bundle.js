// A value as a bundle of representations with the value types that PROTOCOL.md asks for: { data: {mime: value}, notes, lost }.
// `notes` say what was left out and why; `lost` is the size of what alone was larger than `room`, and so was never built.
'use strict';

const { byteCount, toBase64 } = require('./bytes.js');
const { inspect } = require('./inspect.js');
const { toPlainData, isPlainObject, NoJson } = require('./json.js');

const { types } = host;
const JSON_TYPE = 'application/json';
const BINARY_TYPES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/pdf']);
const MIME_TYPE = /^[\w.+-]{1,100}\/[\w.+-]{1,100}(?:;[\w .=+-]{1,100})?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const MAX_TYPES = 64;
const MAX_NAMED = 100;

class Unusable extends Error {}

class TooLarge extends Error {
  constructor(bytes) {
    super();
    this.bytes = bytes;
  }
}

class Bundle {
  data = Object.create(null);
  notes = [];
  lost = 0;

  get isEmpty() {
    return this.lost === 0 && this.notes.length === 0 && Object.keys(this.data).length === 0;
  }

  // Takes what make() returns, unless that is undefined.
  add(mime, make) {
    try {
      const value = make();
      if (value !== undefined) this.data[mime] = value;
    } catch (error) {
      if (error instanceof TooLarge) this.lost += error.bytes;
      else if (error instanceof Unusable || error instanceof NoJson) this.notes.push(`[${mime.slice(0, MAX_NAMED)} left out: ${error.message}]`);
      else throw error;
    }
  }
}

function isJsonType(mime) {
  return mime === JSON_TYPE || mime.endsWith('+json');
}

// onError is told what a display method of the user threw; the value is then shown as if it had none.
function bundleOf(value, displaySymbol, onError, room) {
  return ownBundle(value, displaySymbol, onError, room) ?? standardBundle(value, room);
}

function ownBundle(value, displaySymbol, onError, room) {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return undefined;
  if (types.isProxy(value)) return undefined;
  try {
    const method = value[displaySymbol];
    return typeof method === 'function' ? rawBundle(Reflect.apply(method, value, []), room) : undefined;
  } catch (error) {
    onError(error);
    return undefined;
  }
}

function standardBundle(value, room) {
  const bundle = new Bundle();
  bundle.data['text/plain'] = inspect(value);
  if (isPng(value)) bundle.add('image/png', () => base64Of(value, room));
  if (isPlainObject(value)) bundle.add(JSON_TYPE, () => plainDataOf(value, room));
  return bundle;
}

// An object that holds what JSON cannot is none that should have any; nothing is left out of it.
function plainDataOf(value, room) {
  try {
    return toPlainData(value, room);
  } catch (error) {
    if (error instanceof NoJson && !error.isCut) return undefined;
    throw error;
  }
}

// A bundle that user code made itself. Undefined when there is nothing in it. Getters run.
function rawBundle(source, room) {
  if (typeof source !== 'object' || source === null) return undefined;
  const bundle = new Bundle();
  const names = Object.keys(source);
  for (const mime of names.slice(0, MAX_TYPES)) bundle.add(mime, () => representation(mime, source[mime], room));
  if (names.length > MAX_TYPES) bundle.notes.push(`[${names.length - MAX_TYPES} more types left out: an item has at most ${MAX_TYPES}]`);
  return bundle.isEmpty ? undefined : bundle;
}

function representation(mime, value, room) {
  if (value === undefined || (value === null && !isJsonType(mime))) return undefined;
  if (!MIME_TYPE.test(mime)) throw new Unusable('it is no MIME type');
  if (isJsonType(mime)) return toPlainData(value, room);
  if (BINARY_TYPES.has(mime)) return base64Of(value, room);
  switch (typeof value) {
    case 'string':
      return fitting(value, room);
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      throw new Unusable('it is no text');
  }
}

function base64Of(value, room) {
  if (types.isUint8Array(value)) {
    const bytes = Math.ceil(byteCount(value) / 3) * 4;
    if (bytes > room) throw new TooLarge(bytes);
    return toBase64(value);
  }
  if (typeof value !== 'string') throw new Unusable('it is neither bytes nor base64');
  const text = fitting(value.replace(/\s/g, ''), room);
  if (text.length % 4 !== 0 || !BASE64.test(text)) throw new Unusable('it is not base64');
  return text;
}

function fitting(text, room) {
  if (text.length > room) throw new TooLarge(host.byteLength(text));
  return text;
}

function isPng(value) {
  if (!types.isUint8Array(value) || types.isProxy(value)) return false;
  return byteCount(value) > PNG_SIGNATURE.length && PNG_SIGNATURE.every((byte, index) => value[index] === byte);
}

module.exports = { bundleOf, rawBundle };
