// JavaScript to a syntax tree, and the few questions that are asked of one.
'use strict';

const acorn = require('acorn');

const OPTIONS = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  allowImportExportEverywhere: true,
  allowAwaitOutsideFunction: true,
  allowReturnOutsideFunction: true,
};
const LEADING_COMMENTS = /^(?:\s+|\/\/.*|\/\*[^]*?\*\/)*/;

// A cell is a script, since it may be sloppy; but `import.meta` and some uses of `await` are only known to modules.
function parseProgram(source, onToken) {
  try {
    return acorn.parse(source, { ...OPTIONS, onToken });
  } catch (scriptError) {
    try {
      if (onToken) onToken.length = 0;
      return acorn.parse(source, { ...OPTIONS, sourceType: 'module', onToken });
    } catch {
      throw scriptError;
    }
  }
}

// `{a: 1}` alone is an object to whoever types it into a session, although the grammar says block. Returns the source with
// parentheses around it and its tree, or undefined when it is no object literal.
function parseObjectLiteral(text) {
  if (!looksLikeObject(text)) return undefined;
  const source = `(${text}\n)`;
  try {
    const program = acorn.parse(source, OPTIONS);
    const isExpression = program.body.length === 1 && program.body[0].type === 'ExpressionStatement';
    return isExpression ? { source, program, columnOffset: -1 } : undefined;
  } catch {
    return undefined;
  }
}

function looksLikeObject(source) {
  const text = source.replace(LEADING_COMMENTS, '').trimEnd();
  return text.startsWith('{') && !text.endsWith(';');
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

function isFunction(node) {
  return FUNCTIONS.has(node.type);
}

function isClass(node) {
  return node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
}

// Calls visit(node, parent) from the outside in; `false` keeps it from going into the node.
function walk(node, visit, parent) {
  if (visit(node, parent) === false) return;
  for (const key of Object.keys(node)) {
    const child = node[key];
    if (Array.isArray(child)) {
      for (const item of child) if (typeof item?.type === 'string') walk(item, visit, node);
    } else if (typeof child?.type === 'string') {
      walk(child, visit, node);
    }
  }
}

// The names that a binding pattern declares.
function boundNames(pattern, names = []) {
  switch (pattern?.type) {
    case 'Identifier':
      names.push(pattern.name);
      break;
    case 'ObjectPattern':
      for (const property of pattern.properties) boundNames(property.type === 'RestElement' ? property : property.value, names);
      break;
    case 'ArrayPattern':
      for (const element of pattern.elements) boundNames(element, names);
      break;
    case 'AssignmentPattern':
      boundNames(pattern.left, names);
      break;
    case 'RestElement':
      boundNames(pattern.argument, names);
      break;
    default:
  }
  return names;
}

module.exports = { parseProgram, parseObjectLiteral, looksLikeObject, isFunction, isClass, walk, boundNames };
