// Takes requests one after the other. Never returns: the event loop runs nested, while the driver waits.
'use strict';

const acknowledgements = require('../protocol/acknowledgements.js');
const channel = require('../protocol/channel.js');
const { die } = require('../protocol/descriptors.js');
const { answer } = require('../inquiries/answer.js');
const env = require('./env.js');
const { runBreakable, runEventLoop, runShortly } = require('./loop.js');

const PROTOCOL = 1;

function serve(session, checkpoint) {
  const waiting = [];
  let isStarted = false;

  // An interrupt counts at once, for the execution that runs or waits; everything else takes its turn.
  function takeRequests() {
    for (const request of channel.receive()) {
      if (request.op === 'interrupt') interrupt(request.id);
      else if (session.isBusy || waiting.some(({ op }) => op === 'execute')) die();
      else waiting.push(request);
    }
  }

  function interrupt(id) {
    if (session.interrupt(id)) return;
    for (const request of waiting) if (request.id === id) request.isInterrupted = true;
  }

  function handle(request) {
    if ((request.op === 'start') === isStarted) die();
    if (request.op === 'save') {
      checkpoint.save();
      return;
    }
    if (request.op === 'complete' || request.op === 'inspect') {
      if (!isStarted) die();
      answer(request);
      return;
    }
    if (isStarted) {
      acknowledgements.discardLate();
      session.execute(request, takeRequests);
      return;
    }
    isStarted = true;
    session.limits = request.limits;
    env.setAll(request.env);
    checkpoint.begin(request.cwd ?? '');
    const restored = request.restore ? checkpoint.restore() : undefined;
    if (!request.restore) checkpoint.enterDirectory();
    channel.send({ event: 'hello', protocol: PROTOCOL, language: 'typescript', version: host.version, restored });
  }

  try {
    for (;;) {
      takeRequests();
      if (waiting.length > 0) handle(waiting.shift());
      else {
        session.ensureListeners();
        runBreakable(channel.isReceiving() ? runShortly : runEventLoop);
      }
    }
  } catch {
    // A fault of ours. Without this loop nobody would ever be answered again.
    die();
  }
}

module.exports = { serve };
