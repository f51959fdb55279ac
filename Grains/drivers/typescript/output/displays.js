// `display(value, { raw, display_id, update })` and the tagged templates `html`, `md` and `svg`.
'use strict';

const { define } = require('../execution/globals.js');
const { listOf } = require('../realm/exposed.js');
const { rawBundle } = require('./bundle.js');

const MAX_DISPLAY_ID = 256;
const TEMPLATES = { html: 'text/html', md: 'text/markdown', svg: 'image/svg+xml' };

// roomFor(item) is how large the data of {display_id?, update?} may be, show(value, room) is the bundle of a value,
// send(item, bundle) sends an item.
function installDisplays(userland, expose, { roomFor, show, send }) {
  define('display', expose('display', (value, options) => {
    const { raw, display_id, update } = typeof options === 'object' && options !== null ? options : {};
    const item = {};
    if (display_id !== undefined) item.display_id = String(display_id).slice(0, MAX_DISPLAY_ID);
    if (update === true && item.display_id !== undefined) item.update = true;
    const room = roomFor(item);
    send(item, bundle(value, raw, room) ?? show(value, room));
  }));
  for (const name of Object.keys(TEMPLATES)) {
    define(name, expose(name, (strings, ...values) => userland.displayable(TEMPLATES[name], join(strings, values))));
  }
}

// `raw: true` says that the value is a bundle already; an object as `raw` is the bundle itself.
function bundle(value, raw, room) {
  if (raw === undefined || raw === null || raw === false) return undefined;
  return rawBundle(raw === true ? value : raw, room) ?? { data: { 'text/plain': '' }, notes: [], lost: 0 };
}

function join(strings, values) {
  if (typeof strings !== 'object' || strings === null) return String(strings);
  return listOf(strings).map((text, index) => text + (index < values.length ? String(values[index]) : '')).join('');
}

module.exports = { installDisplays };
