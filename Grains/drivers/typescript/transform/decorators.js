// Standard decorators, which of our parsers only Bun knows. Bun gives no map: in a cell with decorators lines may move.
'use strict';

const { CellSyntaxError } = require('./syntax-error.js');
const { Edits } = require('./edits.js');
const { boundNames, parseProgram, walk } = require('./parse.js');

let cells = 0;

function lowerDecorators(code, source) {
  let javascript;
  try {
    javascript = host.transpileDecorators(code);
  } catch {
    throw new CellSyntaxError('Invalid use of decorators', source);
  }
  const unique = renameHelpers(javascript, code);
  const program = parseProgram(unique);
  // Bun declares at the end what blocks declare with `var`; there the cell's value is looked for.
  program.body.sort((a, b) => isBareVar(b) - isBareVar(a));
  return { source: unique, program, columnOffset: 0 };
}

function isBareVar(statement) {
  return statement.type === 'VariableDeclaration' && statement.kind === 'var' && statement.declarations.every(({ init }) => !init);
}

// Bun numbers its helper variables anew in every cell. As globals those of one cell would replace those that the classes of
// an earlier cell still use, so each cell gets names of its own.
function renameHelpers(javascript, code) {
  const program = parseProgram(javascript);
  const helpers = new Set(topLevelNames(program).filter((name) => !code.includes(name)));
  cells += 1;
  const edits = new Edits(javascript);
  walk(program, (node) => {
    if (node.type === 'Identifier' && helpers.has(node.name)) edits.insert(node.end, `$${cells}`);
    return true;
  });
  return edits.rest();
}

function topLevelNames(program) {
  return program.body.flatMap((statement) => {
    if (statement.type === 'VariableDeclaration') return statement.declarations.flatMap(({ id }) => boundNames(id));
    return [];
  });
}

module.exports = { lowerDecorators };
