// What the first execution would have to wait for is done while nobody waits: an engine compiles a function when it is first
// called. Nothing of the session is changed, nobody hears of it, and no code of a user has run yet.
'use strict';

const { ItemBudget } = require('../output/budget.js');
const { bundleOf } = require('../output/bundle.js');
const channel = require('../protocol/channel.js');
const { createFrameEncoder, FrameReader, toJson } = require('../protocol/frames.js');
const { checkRequest } = require('../protocol/requests.js');
const { transformCell } = require('../transform/cell.js');

const CELL = 'const [a, { b }] = [1, { b: `${2}` }]; function f(x) { return x + 1 }\nfor (const c of [a]) f(c);\nawait f(b)';
const VALUES = [2, 'text', [1, { a: 'b' }]];
const ROOM = 64 * 1024;
// Without values, which would become `_`.
const PLAIN = 'void 0';
const TYPED = 'void (0 as number)';

function warmUp(session, displaySymbol) {
  const reader = new FrameReader(host);
  reader.push(createFrameEncoder(host)(toJson(requestOf(PLAIN))));
  checkRequest(reader.next());
  transformCell(CELL);
  const budget = new ItemBudget(ROOM);
  for (const value of VALUES) budget.take(bundleOf(value, displaySymbol, () => {}, ROOM), { primary: true });
  for (const code of [PLAIN, TYPED]) rehearse(session, code);
}

function rehearse(session, code = PLAIN) {
  session.limits = { item_bytes: ROOM };
  channel.rehearse(() => session.execute(requestOf(code), () => {}));
}

function requestOf(code) {
  return { op: 'execute', id: 'warm-up', count: 1, code, env: {} };
}

module.exports = { rehearse, warmUp };
