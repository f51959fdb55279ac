// The descriptors of PROTOCOL.md, and the end of the process when they are of no more use.
'use strict';

const FD = { stdout: 1, stderr: 2, requests: 3, doorbell: 4, events: 5, acknowledgements: 6, attachments: 7 };
const EXIT_END_OF_REQUESTS = 0;
const EXIT_FAULT = 70;

const sleepCell = new Int32Array(new SharedArrayBuffer(4));

function isRetryable(error) {
  return error.code === 'EAGAIN' || error.code === 'EINTR';
}

// Waits a little for a descriptor that refuses for the moment, because user code has made it non-blocking.
function pause() {
  Atomics.wait(sleepCell, 0, 0, 1);
}

// When the protocol cannot be kept any more, the end of the process is the answer.
function die() {
  host.exit(EXIT_FAULT);
}

let identities = [];

// As they are now is as they are to stay.
function rememberDescriptors() {
  identities = [FD.requests, FD.doorbell, FD.events, FD.acknowledgements, FD.attachments].map((fd) => ({ fd, ...identityOf(fd) }));
}

function identityOf(fd) {
  const { dev, ino } = host.fstatSync(fd);
  return { dev, ino };
}

// User code can close or replace a descriptor; without the doorbell the driver would then wait for ever.
function dieUnlessIntact() {
  for (const { fd, dev, ino } of identities) {
    try {
      const now = identityOf(fd);
      if (now.dev !== dev || now.ino !== ino) die();
    } catch {
      die();
    }
  }
}

module.exports = { FD, EXIT_END_OF_REQUESTS, die, dieUnlessIntact, isRetryable, pause, rememberDescriptors };
