// Byte arrays of the user's realm, read without the prototypes that user code can change.
'use strict';

const lengthGetter = Reflect.getOwnPropertyDescriptor(Reflect.getPrototypeOf(Uint8Array.prototype), 'length').get;

function byteCount(bytes) {
  return Reflect.apply(lengthGetter, bytes, []);
}

function toBase64(bytes) {
  return Reflect.apply(Uint8Array.prototype.toBase64, bytes, []);
}

module.exports = { byteCount, toBase64 };
