// console.* of user code, in the formatting of `util.inspect`.
'use strict';

const { print } = require('./streams.js');
const { OPTIONS } = require('./inspect.js');
const { ownFrames } = require('../errors/stack.js');

const MAX_LABELS = 1000;
const MAX_INDENT = 80;

let indent = '';
const counters = new Map();
const timers = new Map();

function format(values) {
  return Reflect.apply(host.formatWithOptions, undefined, [OPTIONS, ...values]);
}

function printLine(stream, text) {
  print(stream, `${indent === '' ? text : indent + text.replaceAll('\n', `\n${indent}`)}\n`);
}

const toStdout = (...values) => printLine('stdout', format(values));
const toStderr = (...values) => printLine('stderr', format(values));

function labelOf(value) {
  return value === undefined ? 'default' : String(value).slice(0, 200);
}

function remember(map, label, value) {
  if (map.size < MAX_LABELS || map.has(label)) map.set(label, value);
}

function elapsed(label) {
  return `${label}: ${(Number(host.hrtime() - timers.get(label)) / 1e6).toFixed(3)}ms`;
}

function table(data, ...rest) {
  let text;
  try {
    if (typeof data === 'object' && data !== null) text = Reflect.apply(host.table, undefined, [data, ...rest]);
  } catch {
    // What cannot be tabulated is logged.
  }
  if (typeof text === 'string') printLine('stdout', text.trimEnd());
  else toStdout(data);
}

const methods = {
  log: toStdout,
  info: toStdout,
  debug: toStdout,
  dirxml: toStdout,
  error: toStderr,
  warn: toStderr,
  table,
  clear() {},
  write(...values) {
    for (const value of values) print('stdout', String(value));
  },
  dir(value, options) {
    printLine('stdout', host.inspect(value, { ...OPTIONS, ...(typeof options === 'object' ? options : undefined) }));
  },
  trace(...values) {
    const heading = values.length > 0 ? `Trace: ${format(values)}` : 'Trace';
    printLine('stderr', [heading, ...ownFrames(new Error().stack)].join('\n'));
  },
  assert(condition, ...values) {
    if (condition) return;
    if (values.length === 0) toStderr('Assertion failed');
    else if (typeof values[0] === 'string') toStderr(`Assertion failed: ${values[0]}`, ...values.slice(1));
    else toStderr('Assertion failed:', ...values);
  },
  group(...values) {
    if (values.length > 0) toStdout(...values);
    if (indent.length < MAX_INDENT) indent += '  ';
  },
  groupEnd() {
    indent = indent.slice(2);
  },
  count(value) {
    const label = labelOf(value);
    const count = (counters.get(label) ?? 0) + 1;
    remember(counters, label, count);
    printLine('stdout', `${label}: ${count}`);
  },
  countReset(value) {
    counters.delete(labelOf(value));
  },
  time(value) {
    remember(timers, labelOf(value), host.hrtime());
  },
  timeLog(value, ...rest) {
    const label = labelOf(value);
    if (timers.has(label)) printLine('stdout', [elapsed(label), ...rest.map((item) => format([item]))].join(' '));
  },
  timeEnd(value) {
    const label = labelOf(value);
    if (timers.has(label)) printLine('stdout', elapsed(label));
    timers.delete(label);
  },
};
methods.groupCollapsed = methods.group;

function installConsole(expose) {
  const { console } = host.userGlobal;
  for (const name of Object.keys(methods)) {
    const method = methods[name];
    console[name] = expose(name, (...values) => { method(...values); });
  }
}

module.exports = { installConsole };
