// What user code threw as {name, value, traceback}. Reads properties that may be getters of the user's: only inside the scope.
//
// A thrown value that is no error has no name of its own. It is called `Uncaught`, as consoles print it, and its value is the
// inspected value: `throw 'x'` gives "Uncaught: 'x'".
'use strict';

const { KIB, cutAt, stripAnsi } = require('../output/text.js');
const { inspect } = require('../output/inspect.js');
const { cleanStack } = require('./stack.js');
const { asWritten } = require('../transform/awaits.js');
const { CellSyntaxError } = require('../transform/syntax-error.js');

const MAX_NAME = 256;
const MAX_VALUE_BYTES = 64 * KIB;
const MAX_TRACEBACK_BYTES = 256 * KIB;
const MAX_CAUSES = 8;
const MAX_ERRORS = 16;
const NO_ERROR = 'Uncaught';

// Never throws, whatever was thrown: what resists is described by the little that can be said of it.
function describe(error, count) {
  try {
    return describeAny(error, count);
  } catch {
    return noError('[uninspectable]');
  }
}

// What is printed of an error that nobody caught.
function describeUncaught(error, count) {
  const { name, traceback } = describe(error, count);
  return name === NO_ERROR ? traceback : `${NO_ERROR} ${traceback}`;
}

function describeAny(error, count) {
  if (!host.types.isProxy(error) && error instanceof CellSyntaxError) return finish(describeSyntaxError(error, count));
  if (!isErrorLike(error)) return finish(noError(inspect(error)));
  const name = nameOf(error);
  const value = textOf(error, 'message');
  return finish({ name, value, traceback: tracebackOf(error) ?? `${name}: ${value}` });
}

function noError(value) {
  return { name: NO_ERROR, value, traceback: `${NO_ERROR} ${value}` };
}

function describeSyntaxError(error, count) {
  const heading = `SyntaxError: ${error.message}`;
  if (error.line === undefined) return { name: 'SyntaxError', value: error.message, traceback: heading };
  const location = `cell_${count}.ts:${error.line}:${error.column}`;
  const excerpt = error.sourceLine === undefined ? [] : [error.sourceLine, `${' '.repeat(error.column - 1)}^`];
  return { name: 'SyntaxError', value: error.message, traceback: [location, ...excerpt, heading, `    at ${location}`].join('\n') };
}

function finish({ name, value, traceback }) {
  // Cutting first bounds the work; what is left of an escape that was cut in two goes as well.
  return {
    name: stripAnsi(name.slice(0, MAX_NAME)),
    value: asWritten(stripAnsi(cutAt(value, MAX_VALUE_BYTES))),
    traceback: asWritten(stripAnsi(cutAt(traceback, MAX_TRACEBACK_BYTES))),
  };
}

function isErrorLike(value) {
  if (typeof value !== 'object' || value === null || host.types.isProxy(value)) return false;
  if (host.types.isNativeError(value) || isDomException(value)) return true;
  return readOrUndefined(value, 'message') !== undefined && typeof readOrUndefined(value, 'stack') === 'string';
}

function isDomException(value) {
  try {
    Reflect.apply(host.domExceptionCode, value, []);
    return true;
  } catch {
    return false;
  }
}

function nameOf(error) {
  // Bun's name for a file that does not compile.
  const name = textOf(error, 'name') || 'Error';
  return name === 'BuildMessage' ? 'SyntaxError' : name;
}

// Undefined for an error whose parts cannot be read.
function tracebackOf(error) {
  try {
    return tracebackWithParts(error);
  } catch {
    return undefined;
  }
}

function tracebackWithParts(error) {
  const parts = [headed(error)];
  const aggregated = readOrUndefined(error, 'errors');
  if (Array.isArray(aggregated)) {
    for (let index = 0; index < Math.min(aggregated.length, MAX_ERRORS); index += 1) {
      parts.push(indented(`[errors][${index}]: ${isErrorLike(aggregated[index]) ? headed(aggregated[index]) : inspect(aggregated[index])}`));
    }
  }
  let cause = readOrUndefined(error, 'cause');
  for (let depth = 0; cause !== undefined && depth < MAX_CAUSES; depth += 1) {
    parts.push(indented(`[cause]: ${isErrorLike(cause) ? headed(cause) : inspect(cause)}`));
    cause = isErrorLike(cause) ? readOrUndefined(cause, 'cause') : undefined;
  }
  return parts.join('\n');
}

function headed(error) {
  const stack = readOrUndefined(error, 'stack');
  const name = nameOf(error);
  const message = textOf(error, 'message');
  const heading = message === '' ? name : `${name}: ${message}`;
  const location = fileLocation(error);
  if (typeof stack !== 'string') return heading + location;
  return cleanStack(stack, heading) + location;
}

// A file that does not compile has a position instead of frames.
function fileLocation(error) {
  const position = readOrUndefined(error, 'position');
  if (typeof position !== 'object' || position === null || typeof position.file !== 'string') return '';
  return `\n    at ${position.file}:${position.line}:${position.column}`;
}

function indented(text) {
  return `  ${text.replaceAll('\n', '\n  ')}`;
}

function textOf(error, key) {
  const value = readOrUndefined(error, key);
  return typeof value === 'string' ? value : value === undefined ? '' : inspect(value);
}

function readOrUndefined(object, key) {
  try {
    return object[key];
  } catch {
    return undefined;
  }
}

module.exports = { describe, describeUncaught };
