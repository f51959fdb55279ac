// What a client wants to know of the session between two executions: completions, and what a name stands for. A cursor counts
// Unicode code points, as in Jupyter's protocol.
'use strict';

const channel = require('../protocol/channel.js');
const { dieUnlessIntact } = require('../protocol/descriptors.js');
const { runBreakable } = require('../execution/loop.js');
const { describe } = require('./describe.js');
const { aroundCursor, beforeCursor } = require('./expression.js');
const { namesOf, resolve } = require('./lookup.js');

const MAX_MATCHES = 1000;

const KEYWORDS = ['abstract', 'as', 'async', 'await', 'break', 'case', 'catch', 'class', 'const', 'continue', 'debugger', 'declare', 'default',
  'delete', 'do', 'else', 'enum', 'export', 'extends', 'false', 'finally', 'for', 'from', 'function', 'if', 'implements', 'import', 'in',
  'instanceof', 'interface', 'let', 'namespace', 'new', 'null', 'of', 'private', 'protected', 'public', 'readonly', 'return', 'satisfies',
  'static', 'super', 'switch', 'this', 'throw', 'true', 'try', 'type', 'typeof', 'using', 'var', 'void', 'while', 'with', 'yield'];

function answer(request) {
  const { op, id, code, cursor } = request;
  const index = indexOf(code, cursor);
  let found;
  const look = () => {
    try {
      found = op === 'complete' ? complete(code, index) : inspect(code, index);
    } catch {
      // A preview that cannot be made.
    }
  };
  if (!request.isInterrupted && !runBreakable(look)) channel.recover();
  dieUnlessIntact();
  if (op === 'inspect') channel.send({ event: 'inspection', id, found: found !== undefined, data: found ?? {} });
  else {
    const { matches, length } = found ?? { matches: [], length: 0 };
    channel.send({ event: 'completions', id, matches, cursor_start: cursor - length, cursor_end: cursor });
  }
}

function complete(code, index) {
  const { prefix, isMember, chain } = beforeCursor(code, index);
  const owner = isMember ? chain && resolve(chain) : { value: host.userGlobal };
  const names = owner === undefined ? [] : [...namesOf(owner.value, prefix, MAX_MATCHES)];
  if (!isMember) names.push(...KEYWORDS.filter((word) => word.startsWith(prefix) && !names.includes(word)));
  return { matches: names.sort(byName).slice(0, MAX_MATCHES), length: [...prefix].length };
}

function inspect(code, index) {
  const chain = aroundCursor(code, index);
  const found = chain && resolve(chain);
  return found && { 'text/plain': describe(chain.join('.'), found.value) };
}

// What is meant for nobody comes last.
function byName(one, other) {
  const order = one.startsWith('_') - other.startsWith('_');
  return order || (one < other ? -1 : 1);
}

function indexOf(code, cursor) {
  let index = 0;
  for (let count = 0; count < cursor && index < code.length; count += 1) index += code.codePointAt(index) > 0xffff ? 2 : 1;
  return index;
}

module.exports = { answer };
