// Entry point. User code lives in this, the main realm; the driver's own logic runs in a `node:vm` context beside it, with
// built-ins of its own, so that nothing user code does to JSON, Array.prototype or Promise changes how the driver behaves.
'use strict';

const captureHost = require('./realm/host.js');
const keepImmediatesPrompt = require('./realm/immediates.js');
const loadDriverRealm = require('./realm/load.js');
const createUserland = require('./realm/userland.js');

const host = captureHost();
host.keepImmediatesPrompt = keepImmediatesPrompt();
// From the launcher, and no arguments of the user's program: where the driver's realm is in one file, empty when nowhere; and,
// for a driver that is to be copied, how the launcher is to be run in it.
const [bundle, library, ...command] = process.argv.splice(2);
host.whenReady = (serve) => (library === undefined ? serve(false) : require('./realm/zygote.js')(library, command, serve));
const start = loadDriverRealm(__dirname, 'main.js', host, bundle);
start(createUserland());
