// What a value is, in a few lines.
'use strict';

const { stripAnsi, cutAt, KIB } = require('../output/text.js');
const { withoutOurFrames } = require('../errors/stack.js');
const { read } = require('./lookup.js');

const { types, functionToString } = host;

const PREVIEW = { depth: 2, colors: false, customInspect: false, getters: false, maxArrayLength: 20, maxStringLength: 500, breakLength: 100 };
const MAX_TEXT_BYTES = 64 * KIB;
const MAX_SIGNATURE = 500;

function describe(name, value) {
  const lines = typeof value === 'function' && !types.isProxy(value) ? describeFunction(value) : describeValue(value);
  return cutAt(stripAnsi([`Name: ${name}`, ...lines].join('\n')), MAX_TEXT_BYTES);
}

function describeFunction(value) {
  const source = Reflect.apply(functionToString, value, []);
  const isClass = /^class\b/.test(source);
  const isNative = source.endsWith('[native code]\n}') || source.endsWith('{ [native code] }');
  if (isNative) return ['Type: function', `Signature: ${textOf(read(value, 'name'))}(), ${countOf(read(value, 'length'))} parameters, native`];
  return [`Type: ${isClass ? 'class' : 'function'}`, `Signature: ${isClass ? headOfClass(source) : headOfFunction(source)}`];
}

function headOfClass(source) {
  return shorten(source.slice(0, source.indexOf('{')).trim());
}

// To the end of its parameters, which can hold functions and texts with parentheses of their own: then it is a little short.
function headOfFunction(source) {
  const arrow = /^(?:async\s+)?[\p{ID_Continue}$]+\s*=>/u.exec(source);
  if (arrow) return shorten(arrow[0]);
  let depth = 0;
  for (let index = source.indexOf('('); index >= 0 && index < source.length; index += 1) {
    if (source[index] === '(') depth += 1;
    else if (source[index] === ')') depth -= 1;
    if (depth === 0) return shorten(source.slice(0, index + 1)) + (/^\s*=>/.test(source.slice(index + 1, index + MAX_SIGNATURE)) ? ' =>' : '');
  }
  return shorten(source);
}

function describeValue(value) {
  if (types.isProxy(value)) return ['Type: Proxy'];
  const type = `Type: ${typeOf(value)}`;
  // What lies deeper can still make the preview run user code: whoever calls this has a way to break it.
  return hasProxy(value) ? [type] : [type, `Value: ${withoutOurFrames(host.inspect(value, PREVIEW))}`];
}

function hasProxy(value) {
  if (typeof value !== 'object') return false;
  for (let holder = value; holder !== null; holder = Reflect.getPrototypeOf(holder)) if (types.isProxy(holder)) return true;
  return false;
}

function typeOf(value) {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  const constructor = read(value, 'constructor')?.value;
  const name = typeof constructor === 'function' && !types.isProxy(constructor) ? textOf(read(constructor, 'name')) : '';
  return name || 'object';
}

function textOf(found) {
  return typeof found?.value === 'string' ? shorten(found.value) : '';
}

function countOf(found) {
  return typeof found?.value === 'number' ? found.value : 0;
}

function shorten(text) {
  const line = text.slice(0, MAX_SIGNATURE).replace(/\s+/g, ' ');
  return text.length > MAX_SIGNATURE ? `${line} …` : line;
}

module.exports = { describe };
