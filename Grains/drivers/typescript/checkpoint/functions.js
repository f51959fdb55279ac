// Functions and classes travel as their source. That is all of a function only if it was written at the top of a cell: any
// other may hold variables of the function around it, which nobody can see from outside.
'use strict';

const { boundNames, isClass, isFunction, parseProgram, walk } = require('../transform/parse.js');
const { SCRIPT } = require('../transform/needs.js');

const { apply } = Reflect;
const { functionToString, userGlobal } = host;

const MAY_DECLARE = /\bfunction\b|\bclass\b|=>|\)\s*\{/;

// Code that cells have run, not yet looked into.
const unread = [];
const written = new Set();

function remember(code, mode) {
  if (code !== undefined && MAY_DECLARE.test(code)) unread.push({ code, mode });
}

function readCells() {
  for (const { code, mode } of unread.splice(0)) {
    try {
      const { body } = parseProgram(code);
      for (const statement of mode === SCRIPT ? body : wrapped(body)) collect(code, statement);
    } catch {
      // It ran, so this is our parser's fault; what it declares will be said to be lost.
    }
  }
}

// The statements inside the function that the transform has put around the cell.
function wrapped(body) {
  return body[0]?.expression?.body?.body ?? body;
}

function collect(code, statement) {
  walk(statement, (node) => {
    if (isFunction(node) || isClass(node) || node.method) written.add(code.slice(node.start, node.end));
    return !isFunction(node) && !isClass(node);
  });
}

// A function of the session that no cell of this interpreter has written.
function recognize(value) {
  written.add(apply(functionToString, value, []));
}

// { source } of an expression that makes it again, or { reason }.
function describe(value) {
  const text = apply(functionToString, value, []);
  if (/\{\s*\[native code\]\s*\}$/.test(text)) return { reason: 'a function of the runtime cannot be saved' };
  if (!written.has(text)) return { reason: 'a function that was made inside of another one cannot be saved' };
  const source = expressionOf(text);
  if (source === undefined) return { reason: 'a method cannot be saved without its object' };
  const missing = [...freeNames(parseProgram(source))].find((name) => !Reflect.has(userGlobal, name));
  if (missing !== undefined) return { reason: `it uses '${missing}', which is no variable of the session` };
  return { source, isClass: /^class\b/.test(text), hasPrivate: /^class\b[\s\S]*#[\p{ID_Start}$_]/u.test(text) };
}

function expressionOf(text) {
  for (const source of [`(${text})`, `Object.values({${text}})[0]`]) {
    try {
      parseProgram(source);
      return source;
    } catch {
      // A method is no expression.
    }
  }
  return undefined;
}

function freeNames(program) {
  const declared = [];
  const used = new Set();
  walk(program, (node, parent) => {
    if (isFunction(node)) {
      declared.push('arguments');
      for (const parameter of node.params) boundNames(parameter, declared);
    }
    if ((isFunction(node) || isClass(node)) && node.id) declared.push(node.id.name);
    if (node.type === 'VariableDeclarator') boundNames(node.id, declared);
    if (node.type === 'CatchClause') boundNames(node.param, declared);
    if (node.type === 'Identifier' && !isLabel(node, parent)) used.add(node.name);
    return true;
  });
  for (const name of declared) used.delete(name);
  used.delete('undefined');
  return used;
}

// Whether it names a member, a label and the like, not a variable.
function isLabel(node, parent) {
  if (parent === undefined) return false;
  if (parent.type === 'MemberExpression') return parent.property === node && !parent.computed;
  if (/^(?:Property|MethodDefinition|PropertyDefinition)$/.test(parent.type)) {
    return parent.key === node && !parent.computed && !parent.shorthand;
  }
  return /^(?:LabeledStatement|BreakStatement|ContinueStatement|MetaProperty)$/.test(parent.type);
}

module.exports = { describe, readCells, recognize, remember };
