// A copy of this process that does something with what it has, while the session goes on: what `forked_copy.py` is for Python.
// The engine compiles and collects on the thread that it has, so in a copy none is missing (deploy/docs/decisions/0026).
'use strict';

const { encode } = require('../output/text.js');
const { FD, pause } = require('../protocol/descriptors.js');

const { c, addressOf, hrtime } = host;

// Our parent becomes the copy's: it is the one that waits for it.
const CLONE_PARENT = 0x8000;
const SYS_CLONE = { x64: 56, arm64: 220 }[host.arch];
const MADV_DOFORK = 11;
const MSG_DONTWAIT = 0x40;
const O_CLOEXEC = 0o2000000;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const SIGALRM = 14;
const SIGCHLD = 17;
const SIGCONT = 18;
const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
const SIG_SETMASK = 2;
const SIG_DFL = null;
const SIGNAL_SET_BYTES = 128;
const STDIN = 0;
// What a context may have open at once, at most (`limits.py`).
const MOST_DESCRIPTORS = 1024;
const OF_THE_RUNTIME = /^(?:mi-scavenger|SigintWatcher|HTTP Client|Bun Pool \d+)$/;
const LOOKS = 5;
const DONE = 0;
const FAILED = 1;

// The words of `attachments.py`, and how long `room.py` lets a copy wait.
const TAKEN = Uint8Array.of(0x54);
const IN_VAIN = Uint8Array.of(0x56);
const ADMISSION = BigInt64Array.of(1n, 0n);

const allSignals = new Uint8Array(SIGNAL_SET_BYTES);
const admission = new Uint8Array(SIGNAL_SET_BYTES);
const clockSignal = new Uint8Array(SIGNAL_SET_BYTES);
const previous = new Uint8Array(SIGNAL_SET_BYTES);
c.sigfillset(addressOf(allSignals));
c.sigaddset(addressOf(admission), SIGCONT);
c.sigaddset(addressOf(clockSignal), SIGALRM);

let isCompiledCodeShared = false;

// A copy that becomes the program `command`, all signals but the clock's held back, and has one of its own that gives it `work(pause)`,
// parts of bytes, on its stdin. pause: for how long this process stood still, in milliseconds. seconds: how long the two may take
// until there are parts; 0: as long as they like.
function start(work, command, seconds) {
  shareCompiledCode();
  c.pthread_sigmask(SIG_BLOCK, addressOf(allSignals), addressOf(previous));
  const begun = hrtime();
  const child = clone(CLONE_PARENT);
  if (child === 0) {
    try {
      limitTime(seconds);
      const pause = millisecondsSince(begun);
      becomeNobodys();
      const pipe = becomeTwo(command, seconds);
      const parts = work(pause);
      // From here on it is up to the host how long it takes.
      c.alarm(0);
      for (const part of parts) writeAll(pipe, part);
      c._exit(DONE);
    } finally {
      c._exit(FAILED);
    }
  }
  c.pthread_sigmask(SIG_SETMASK, addressOf(previous), null);
  if (child < 0) sayInVain();
}

// To a tenth.
function millisecondsSince(begun) {
  return Number((hrtime() - begun) / 100_000n) / 10;
}

// Bun keeps it from being copied; its functions would be missing.
function shareCompiledCode() {
  if (isCompiledCodeShared) return;
  for (const [, start, end] of host.readText('/proc/self/maps').matchAll(/^([0-9a-f]+)-([0-9a-f]+) rwxp/gm)) {
    const address = Number.parseInt(start, 16);
    c.madvise(address, Number.parseInt(end, 16) - address, MADV_DOFORK);
  }
  isCompiledCodeShared = true;
}

// In the copy, and again in its own: the time of an alarm is not inherited.
function limitTime(seconds) {
  c.signal(SIGALRM, SIG_DFL);
  c.alarm(seconds);
  c.pthread_sigmask(SIG_UNBLOCK, addressOf(clockSignal), null);
}

// In the copy.
function becomeNobodys() {
  c.setsid();
  say(TAKEN);
  c.sigtimedwait(addressOf(admission), null, addressOf(ADMISSION));
  // Whoever waits for the end of one shall not wait for us. Their numbers stay taken: objects will close what they believe is
  // theirs.
  const nothing = host.openSync('/dev/null', 'r+');
  for (const fd of openDescriptors()) if (fd !== FD.attachments && fd !== nothing) c.dup2(nothing, fd);
}

function openDescriptors() {
  try {
    const names = host.readdirSync('/proc/self/fd');
    return Array.from({ length: names.length }, (_, index) => Number(names[index]));
  } catch {
    // Walls without a /proc of the copy's own.
    return Array.from({ length: MOST_DESCRIPTORS }, (_, fd) => fd).filter(isOpen);
  }
}

function isOpen(fd) {
  try {
    host.fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

// Returns in the one that is to write, with the descriptor for it; the other becomes the program.
function becomeTwo(command, seconds) {
  const pipe = new Int32Array(2);
  c.pipe2(addressOf(pipe), O_CLOEXEC);
  if (clone(SIGCHLD) === 0) {
    c.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    limitTime(seconds);
    host.closeSync(pipe[0]);
    return pipe[1];
  }
  c.dup2(pipe[0], STDIN);
  // What comes of `dup2` outlives an exec.
  c.dup2(FD.attachments, pipe[0]);
  c.dup2(pipe[0], FD.attachments);
  const words = command.map((text) => encode(`${text}\0`));
  const addresses = BigUint64Array.from([...words.map((word) => addressOf(word)), 0], BigInt);
  c.execve(addressOf(words[0]), addressOf(addresses), addressOf(new BigUint64Array(1)));
  return c._exit(FAILED);
}

function clone(flags) {
  return c.syscall(SYS_CLONE, flags, 0, 0, 0, 0);
}

function sayInVain() {
  say(IN_VAIN);
}

function say(word) {
  c.send(FD.attachments, addressOf(word), word.length, MSG_DONTWAIT);
}

// Whether no other thread runs JavaScript. A copy has none of them, and waits in vain for what one was just holding: never beside workers
// that are idle or compute, rarely beside one that allocates, every third time beside one that compiles regular expressions.
function isAlone() {
  for (let look = 0; look < LOOKS; look += 1) {
    if (threads().every((name) => OF_THE_RUNTIME.test(name))) return true;
    // One that has just begun has no name yet.
    pause();
  }
  return false;
}

// The names of all but the main one, which is the first. Workers have names of their own, or such as user code gives them.
function threads() {
  const names = [];
  const tasks = host.readdirSync('/proc/self/task');
  for (let index = 1; index < tasks.length; index += 1) {
    try {
      names.push(host.readText(`/proc/self/task/${tasks[index]}/comm`).trimEnd());
    } catch {
      // It has just ended.
    }
  }
  return names;
}

function writeAll(file, bytes) {
  for (let written = 0; written < bytes.length;) written += host.writeSync(file, bytes, written, bytes.length - written, null);
}

module.exports = { isAlone, millisecondsSince, sayInVain, start, writeAll };
