// Limits on texts, and plain text from texts that may carry terminal escapes.
'use strict';

const KIB = 1024;
const NOTICE_BYTES = 64;
const ANSI_ESCAPE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])?/g;

function stripAnsi(text) {
  return text.includes('\x1b') ? text.replace(ANSI_ESCAPE, '') : text;
}

function notice(droppedBytes) {
  return `[output truncated: ${droppedBytes} bytes dropped]`;
}

// Cuts a text at a number of UTF-8 bytes, never within a character; the notice is part of them.
function cutAt(text, maxBytes) {
  if (text.length * 3 <= maxBytes) return text;
  const total = host.byteLength(text);
  if (total <= maxBytes) return text;
  const { read, written } = host.encodeInto(text, new Uint8Array(maxBytes - NOTICE_BYTES));
  return `${text.slice(0, read)}\n${notice(total - written)}`;
}

// As UTF-8.
function encode(text) {
  const bytes = new Uint8Array(host.byteLength(text));
  host.encodeInto(text, bytes);
  return bytes;
}

module.exports = { KIB, encode, stripAnsi, cutAt, notice };
