// A value as a bundle of representations, {mime: value}, with the value types that PROTOCOL.md asks for.
'use strict';

const { byteCount, toBase64 } = require('./bytes.js');
const { inspect } = require('./inspect.js');
const { toPlainData, isPlainObject } = require('./json.js');

const { types } = host;
const BINARY_TYPES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/pdf']);
const MIME_TYPE = /^[\w.+-]{1,100}\/[\w.+-]{1,100}(?:;[\w .=+-]{1,100})?$/;
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const MAX_TYPES = 64;

function isJsonType(mime) {
  return mime === 'application/json' || mime.endsWith('+json');
}

// onError is told what a display method of the user threw; the value is then shown as if it had none.
function bundleOf(value, displaySymbol, onError) {
  return ownBundle(value, displaySymbol, onError) ?? standardBundle(value);
}

function ownBundle(value, displaySymbol, onError) {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return undefined;
  if (types.isProxy(value)) return undefined;
  try {
    const method = value[displaySymbol];
    return typeof method === 'function' ? rawBundle(Reflect.apply(method, value, [])) : undefined;
  } catch (error) {
    onError(error);
    return undefined;
  }
}

function standardBundle(value) {
  const data = Object.create(null);
  data['text/plain'] = inspect(value);
  if (isPng(value)) data['image/png'] = toBase64(value);
  if (isPlainObject(value)) {
    const json = toPlainData(value);
    if (json !== undefined) data['application/json'] = json;
  }
  return data;
}

// A bundle that user code made itself. Undefined when nothing in it can be shown. Getters run.
function rawBundle(source) {
  if (typeof source !== 'object' || source === null) return undefined;
  const data = Object.create(null);
  for (const mime of Object.keys(source).slice(0, MAX_TYPES)) {
    if (!MIME_TYPE.test(mime)) continue;
    const value = representation(mime, source[mime]);
    if (value !== undefined) data[mime] = value;
  }
  return Object.keys(data).length > 0 ? data : undefined;
}

function representation(mime, value) {
  if (isJsonType(mime)) return toPlainData(value);
  if (BINARY_TYPES.has(mime)) {
    if (types.isUint8Array(value)) return toBase64(value);
    return typeof value === 'string' ? value.replace(/\s/g, '') : undefined;
  }
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      return undefined;
  }
}

function isPng(value) {
  if (!types.isUint8Array(value) || types.isProxy(value)) return false;
  return byteCount(value) > PNG_SIGNATURE.length && PNG_SIGNATURE.every((byte, index) => value[index] === byte);
}

module.exports = { bundleOf, rawBundle };
