// What the first execution would have to wait for is done while nobody waits: an engine compiles a function when it is first
// called. Nothing of the session is touched, and no code of a user has run yet.
'use strict';

const { ItemBudget } = require('../output/budget.js');
const { bundleOf } = require('../output/bundle.js');
const { createFrameEncoder, FrameReader, toJson } = require('../protocol/frames.js');
const { checkRequest } = require('../protocol/requests.js');
const { transformCell } = require('../transform/cell.js');
const env = require('./env.js');
const { runBreakable, runOneTurn } = require('./loop.js');

const CELL = 'const [a, { b }] = [1, { b: `${2}` }]; function f(x) { return x + 1 }\nfor (const c of [a]) f(c);\nawait f(b)';
const VALUES = [2, 'text', [1, { a: 'b' }]];
const ROOM = 64 * 1024;
const EXECUTE = { op: 'execute', id: 'warm-up', count: 1, code: '1', env: {} };

function warmUp(displaySymbol) {
  const reader = new FrameReader(host);
  reader.push(createFrameEncoder(host)(toJson(EXECUTE)));
  checkRequest(reader.next());
  for (const source of [EXECUTE.code, CELL]) transformCell(source);
  const budget = new ItemBudget(ROOM);
  for (const value of VALUES) budget.take(bundleOf(value, displaySymbol, () => {}, ROOM), { primary: true });
  env.overrides({}).restore();
  Reflect.apply(host.runInThisContext, new host.Script('0', { filename: 'driver:warm-up' }), []);
  runBreakable(runOneTurn);
}

module.exports = { warmUp };
