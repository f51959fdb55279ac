// The shapes of the requests in PROTOCOL.md. A request that does not fit is a fault of the peer.
'use strict';

const { FrameFault } = require('./frames.js');

const EXECUTION_ID = /^[A-Za-z0-9_-]{1,64}$/;

const checks = {
  start: (frame) => isLimits(frame.limits) && isEnvironment(frame.env) && isDirectory(frame.cwd ?? '') && typeof (frame.restore ?? false) === 'boolean',
  save: () => true,
  execute: (frame) =>
    isExecutionId(frame.id) && isCount(frame.count) && typeof frame.code === 'string' && isEnvironment(frame.env),
  complete: isInquiry,
  inspect: isInquiry,
  interrupt: (frame) => isExecutionId(frame.id) && (frame.rung === 1 || frame.rung === 2),
};

function checkRequest(frame) {
  const known = typeof frame.op === 'string' && Object.hasOwn(checks, frame.op);
  if (!known || !checks[frame.op](frame)) throw new FrameFault('not a request of this protocol');
  return frame;
}

function isInquiry(frame) {
  return isExecutionId(frame.id) && typeof frame.code === 'string' && isCount(frame.cursor) && frame.cursor <= frame.code.length;
}

function isExecutionId(value) {
  return typeof value === 'string' && EXECUTION_ID.test(value);
}

function isCount(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

function isLimits(value) {
  return isObject(value) && isCount(value.stream_bytes) && isCount(value.item_bytes);
}

function isEnvironment(value) {
  return isObject(value) && Object.keys(value).every((name) => typeof value[name] === 'string');
}

// A path below the home.
function isDirectory(value) {
  return typeof value === 'string' && (value === '' || value.split('/').every((name) => !['', '.', '..'].includes(name)));
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

module.exports = { checkRequest };
