// Stack traces without frames of ours: only what the user wrote, with the user's line numbers.
//
// The runtime writes frames in two ways: `    at name (place)`, and `name@place` for DOMExceptions. In a text that was
// inspected they may stand in quotes, and more of the text may follow the last one: ` {`, `,` or `\n' +`.
'use strict';

// Linear in the length of a line, whatever user code prints.
const FRAME = /^[\s'"`]*(?:at \S|[^\s'"`@][^@]*@\S|@\S)/;
const MAX_FRAME = 4096;
const OURS = /[\s(@]driver:[\w./-]+:\d+:\d+/;
const RUNTIME = /\((?:node:|bun:|native|internal:|unknown|\[native code\])|^\s+at (?:native|unknown|node:)|^\s+at [^(]*$|@\[native code\]/;
const USER_LOCATION = /cell_\d+\.ts|\/|\.(?:[cm]?[jt]sx?)\b/;
const PLACE = /:\d+:\d+\)?|\((?:unknown|native[:\d]*|:0)\)|\[native code\]/;
const OPEN_QUOTE = /(\\n(['"`])) \+$/;

function isFrame(line) {
  return line.length <= MAX_FRAME && FRAME.test(line);
}

function isOurs(line) {
  return OURS.test(line) || line.includes(`${host.root}/`);
}

function isRuntime(line) {
  return RUNTIME.test(line) && !USER_LOCATION.test(line);
}

// The frames that belong to the user; the runtime's machinery right above one of ours, and at the end, goes as well.
function ownOf(frames) {
  const own = [];
  for (const line of frames) {
    if (isOurs(line)) dropRuntime(own);
    else own.push(line);
  }
  dropRuntime(own);
  return own;
}

function dropRuntime(frames) {
  while (frames.length > 0 && isRuntime(frames.at(-1))) frames.pop();
}

// The user's frames of a trace, as lines.
function ownFrames(stack) {
  return ownOf(stack.split('\n').filter(isFrame));
}

// Any text that user code shows, in which traces may stand anywhere.
function withoutOurFrames(text) {
  if (!text.includes('driver:') && !text.includes(host.root)) return text;
  const result = [];
  let frames = [];
  const flush = () => {
    appendOwn(result, frames);
    frames = [];
  };
  for (const line of text.split('\n')) {
    if (isFrame(line)) {
      frames.push(line);
      continue;
    }
    flush();
    result.push(line);
  }
  flush();
  return result.join('\n');
}

function appendOwn(result, frames) {
  if (!frames.some(isOurs)) {
    for (const line of frames) result.push(line);
    return;
  }
  const own = ownOf(frames);
  for (const line of own) result.push(line);
  const last = frames.at(-1);
  if (own.at(-1) !== last) endWith(result, afterPlace(last), own.length > 0);
}

// What followed the last frame now follows the line that has become the last.
function endWith(lines, rest, endsInFrame) {
  const line = lines.pop();
  if (line === undefined) return;
  const kept = endsInFrame ? line.slice(0, line.length - afterPlace(line).length) : line.replace(OPEN_QUOTE, '');
  lines.push(kept + rest);
}

function afterPlace(frame) {
  const place = PLACE.exec(frame);
  return place === null ? '' : frame.slice(place.index + place[0].length);
}

// What the runtime puts before the heading of an error that a script threw: place, source line, caret, empty line; or, for
// one that its own code threw, that place alone.
const EXCERPT = /^(?:\[native code\]:0\n|[^\n]*:\d+\n[^\n]*\n *\^+\n\n)/;
const NATIVE_PARSER = /^\s+at <parse> \(:0\)$/;
const AT_PLACE = /^([^@]*)@(.*)$/;

// A trace as text: what precedes the frames (`heading`, where the trace has none of its own) and the user's frames.
function cleanStack(stack, heading) {
  const lines = stack.replace(EXCERPT, '').split('\n');
  const firstFrame = lines.findIndex(isFrame);
  const head = firstFrame < 0 ? lines : lines.slice(0, firstFrame);
  const frames = ownOf(lines.slice(head.length).filter(isFrame)).filter((line) => !NATIVE_PARSER.test(line));
  return [...(head.length > 0 ? head : [heading]), ...frames.map(uniform)].join('\n');
}

function uniform(frame) {
  if (/^\s*at /.test(frame)) return frame.replace(/\(unknown\)$/, '(native)');
  const [, name, place] = AT_PLACE.exec(frame) ?? [];
  if (place === undefined) return frame;
  if (place === '[native code]') return `    at ${name} (native)`;
  return name === '' || name === 'global code' ? `    at ${place}` : `    at ${name} (${place})`;
}

module.exports = { cleanStack, ownFrames, withoutOurFrames };
