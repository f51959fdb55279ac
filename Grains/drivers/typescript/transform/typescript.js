// TypeScript to JavaScript on the user's own lines. Most cells are plain JavaScript to the parser and never get here.
'use strict';

const { CellSyntaxError } = require('./syntax-error.js');
const { looksLikeObject, parseObjectLiteral, parseProgram } = require('./parse.js');
const { lowerDecorators } = require('./decorators.js');
const { checkNesting } = require('./nesting.js');
const { relayout } = require('./relayout.js');

// A `return` at the top of a cell is fine with us.
const TOLERATED = /'return' statement can only/;
const JSX = /<\/|\/>/;
const MODULE_MARKER = /(^|[\s;])export\s*\{\s*\};?\s*$/;

const BINDING = {
  x64: 'node_modules/@oxc-transform/binding-linux-x64-gnu/transform.linux-x64-gnu.node',
  arm64: 'node_modules/@oxc-transform/binding-linux-arm64-gnu/transform.linux-arm64-gnu.node',
};

let transformSync;

// The binding is loaded by path: the package's loader reads the environment, and would run in the user's realm.
function loadTransform() {
  const module = { exports: {} };
  host.dlopen(module, `${host.root}/${BINDING[host.arch]}`);
  return module.exports.transformSync;
}

// { source, program, columnOffset } as in language.js. Throws CellSyntaxError.
function stripTypes(source) {
  checkNesting(source);
  transformSync ??= loadTransform();
  const result = compile(source);
  if (result.error) throw syntaxError(result.error, source);
  try {
    const laidOut = relayout(result.code, result.mappings);
    const javascript = laidOut.replace(MODULE_MARKER, '$1');
    const object = looksLikeObject(source) ? parseObjectLiteral(javascript) : undefined;
    return object ?? { source: javascript, program: parseProgram(javascript), columnOffset: 0 };
  } catch (error) {
    if (/@|\baccessor\b/.test(result.code)) return lowerDecorators(result.code, source);
    throw new CellSyntaxError(plainMessage(error), source);
  }
}

function compile(source) {
  if (looksLikeObject(source)) {
    const wrapped = run(`(${source}\n)`, 'ts');
    if (!wrapped.error) return wrapped;
  }
  const plain = run(source, 'ts');
  if (!plain.error || !JSX.test(source)) return plain;
  const withJsx = run(source, 'tsx');
  return withJsx.error ? plain : withJsx;
}

function run(source, lang) {
  const { code, map, errors } = transformSync(`cell.${lang}`, source, {
    lang,
    sourceType: 'module',
    sourcemap: true,
    target: 'esnext',
    // A later cell may use what this one only imports.
    typescript: { onlyRemoveTypeImports: true },
    jsx: { runtime: 'classic' },
  });
  for (let index = 0; index < errors.length; index += 1) {
    if (!TOLERATED.test(errors[index].message)) return { error: errors[index] };
  }
  return { code, mappings: map.mappings };
}

function syntaxError(error, source) {
  const start = placeOf(error.labels ?? []);
  return new CellSyntaxError(error.message, source, start === undefined ? undefined : indexOfByte(source, start));
}

// Of a thing that is there twice the second is wrong; where a bracket was opened is said last, and is not the place.
function placeOf(labels) {
  let start;
  for (let index = 0; index < labels.length; index += 1) {
    if (labels[index].message !== 'Opened here') start = labels[index].start;
  }
  return start;
}

// oxc counts in bytes of UTF-8.
function indexOfByte(source, offset) {
  return host.encodeInto(source, new Uint8Array(offset)).read;
}

function plainMessage(error) {
  return String(error.message).replace(/ \(\d+:\d+\)$/, '');
}

module.exports = { stripTypes };
