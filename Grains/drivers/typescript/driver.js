// Entry point. User code lives in this, the main realm; the driver's own logic runs in a `node:vm` context beside it, with
// built-ins of its own, so that nothing user code does to JSON, Array.prototype or Promise changes how the driver behaves.
'use strict';

const captureHost = require('./realm/host.js');
const keepImmediatesPrompt = require('./realm/immediates.js');
const loadDriverRealm = require('./realm/load.js');
const createUserland = require('./realm/userland.js');

const host = captureHost();
host.keepImmediatesPrompt = keepImmediatesPrompt();
// Where the launcher has found the driver's realm in one file; that is no argument of the user's program.
const [bundle] = process.argv.splice(2);
const start = loadDriverRealm(__dirname, 'main.js', host, bundle);
start(createUserland());
