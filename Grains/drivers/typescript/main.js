// Puts the driver together and starts it.
'use strict';

const { FD, rememberDescriptors } = require('./protocol/descriptors.js');
const { createListeners } = require('./execution/listeners.js');
const { installImports } = require('./execution/imports.js');
const { wakeUp } = require('./execution/loop.js');
const { rehearse, warmUp } = require('./execution/warm-up.js');
const { serve } = require('./execution/serve.js');
const { Checkpoint } = require('./checkpoint/checkpoint.js');
const { Session } = require('./execution/session.js');
const { installConsole } = require('./output/console.js');
const { installDisplays } = require('./output/displays.js');
const { installStdio } = require('./output/stdio.js');
const { exposer } = require('./realm/exposed.js');

module.exports = function start(userland) {
  const expose = exposer(userland);
  const session = new Session(userland.displaySymbol);
  session.ensureListeners = createListeners(expose, (error) => session.printUncaught(error));
  installConsole(expose);
  installStdio(expose);
  installImports(userland, expose);
  installDisplays(userland, expose, {
    roomFor: (item) => session.roomFor(item),
    show: (value, room) => session.bundleOf(value, room),
    send: (item, bundle) => session.display(item, bundle),
  });
  const checkpoint = new Checkpoint(userland, expose);
  // From a timer, so that the module that started us has finished loading.
  host.setTimeout(() => {
    warmUp(session, userland.displaySymbol);
    // What belongs to this very process begins here.
    host.whenReady((isCopy) => {
      // The pages that a cell writes to have to be copied, and not while somebody waits for it.
      if (isCopy) rehearse(session);
      rememberDescriptors();
      host.openDoorbell(FD.doorbell, wakeUp);
      serve(session, checkpoint);
    });
  }, 0);
};
