// Stack traces without frames of ours: only what the user wrote, with the user's line numbers.
'use strict';

const FRAME = /^\s+at /;
const OURS = 'driver:';
const RUNTIME = /\((?:node:|bun:|native|internal:|unknown|\[native code\])|^\s+at (?:native|unknown|node:)|^\s+at [^(]*$/;
const USER_LOCATION = /cell_\d+\.ts|\/|\.(?:[cm]?[jt]sx?)\b/;

// The frames of a trace that belong to the user, as lines. All below the first frame of the driver is its own call chain,
// and so is the runtime's machinery right above it.
function ownFrames(stack) {
  const frames = stack.split('\n').filter((line) => FRAME.test(line));
  const firstOfOurs = frames.findIndex(isOurs);
  // A trace that starts in a function of ours (`console.trace`) goes on with the user's.
  const start = firstOfOurs === 0 ? frames.findIndex((line) => !isOurs(line)) : 0;
  if (start < 0) return [];
  const end = frames.findIndex((line, index) => index >= start && isOurs(line));
  const own = frames.slice(start, end < 0 ? frames.length : end);
  while (own.length > 0 && isRuntime(own.at(-1))) own.pop();
  return own;
}

function isOurs(line) {
  return line.includes(OURS) || line.includes(host.root);
}

function isRuntime(line) {
  return RUNTIME.test(line) && !USER_LOCATION.test(line);
}

// An excerpt that the runtime puts before the heading of an error that a script threw: place, source line, caret, empty line.
const EXCERPT = /^[^\n]*:\d+\n[^\n]*\n *\^+\n\n/;

// A trace as text: what precedes the frames (name, message) and the user's frames.
function cleanStack(stack) {
  const lines = stack.replace(EXCERPT, '').split('\n');
  const firstFrame = lines.findIndex((line) => FRAME.test(line));
  const heading = firstFrame < 0 ? lines : lines.slice(0, firstFrame);
  return [...heading, ...ownFrames(stack)].join('\n');
}

module.exports = { cleanStack, ownFrames };
