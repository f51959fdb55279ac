// Module syntax in a cell: imports are done before the cell runs, exports are plain declarations.
'use strict';

const { walk } = require('./parse.js');
const { SCRIPT } = require('./needs.js');

// The name under which a cell finds the driver's `import()` and `import.meta`.
const HOOKS = '__interpreter__';

function rewriteModuleSyntax(program, cell) {
  const mentioned = new Set();
  walk(program, (node) => {
    if (node.type === 'ImportDeclaration') return false;
    if (node.type === 'Identifier') mentioned.add(node.name);
    if (node.type === 'MetaProperty' && node.meta.name === 'import') cell.edits.replace(node.start, node.end, `${HOOKS}.meta`);
    if (node.type === 'ImportExpression') cell.edits.replace(node.start, node.start + 'import'.length, `${HOOKS}.import`);
    return true;
  });
  for (const statement of program.body) rewriteStatement(statement, cell);
  // What only types have mentioned may be a type itself.
  if (!cell.isTyped) return;
  for (const found of cell.imports) found.types = found.named.map(([, local]) => local).filter((local) => !mentioned.has(local));
}

function rewriteStatement(statement, cell) {
  const { edits } = cell;
  switch (statement.type) {
    case 'ImportDeclaration':
      cell.imports.push(importOf(statement, cell));
      edits.remove(statement.start, statement.end);
      break;
    case 'ExportNamedDeclaration':
      if (statement.declaration) {
        edits.overwrite(statement.start, statement.declaration.start, '');
        break;
      }
      if (statement.source) cell.imports.push({ specifier: statement.source.value, named: [] });
      edits.remove(statement.start, statement.end);
      break;
    case 'ExportAllDeclaration':
      cell.imports.push({ specifier: statement.source.value, named: [] });
      edits.remove(statement.start, statement.end);
      break;
    case 'ExportDefaultDeclaration':
      rewriteDefaultExport(statement, cell);
      break;
    default:
  }
}

function importOf(statement, cell) {
  const found = { specifier: statement.source.value, named: [], attributes: attributesOf(statement) };
  for (const specifier of statement.specifiers) {
    const local = specifier.local.name;
    cell.names.push(local);
    if (specifier.type === 'ImportNamespaceSpecifier') found.namespace = local;
    else if (specifier.type === 'ImportDefaultSpecifier') found.named.push(['default', local]);
    else found.named.push([specifier.imported.name ?? specifier.imported.value, local]);
  }
  return found;
}

function attributesOf({ attributes }) {
  if (!attributes?.length) return undefined;
  return Object.fromEntries(attributes.map(({ key, value }) => [key.name ?? key.value, value.value]));
}

// A named function or class is declared; any other default export is the value of the cell when it comes last.
function rewriteDefaultExport(statement, cell) {
  const { edits, mode, trailing } = cell;
  const { declaration } = statement;
  if (declaration.id && declaration.type.endsWith('Declaration')) {
    edits.overwrite(statement.start, declaration.start, '');
    return;
  }
  const isValue = statement === trailing;
  if (isValue) cell.hasValue = true;
  const returns = isValue && mode !== SCRIPT;
  edits.overwrite(statement.start, declaration.start, returns ? ';return[(' : ';(');
  edits.close(statement.start, declaration.end, returns ? ')];' : ');');
  edits.overwrite(declaration.end, statement.end, '');
}

module.exports = { rewriteModuleSyntax, HOOKS };
