// An interrupt ends what runs, whatever it is, and keeps the session's state.
import { describe, expect, it } from 'bun:test';
import { Interpreter } from './harness/interpreter';

const RUNAWAYS: [name: string, code: string][] = [
  ['a loop', 'while (true) {}'],
  ['a loop that catches everything', 'while (true) { try { while (true) {} } catch (e) {} finally {} }'],
  ['a loop in a function', 'function spin() { for (;;) {} }\nspin()'],
  ['a promise that never resolves', 'await new Promise(() => {})'],
  ['a long timer', 'await new Promise((r) => setTimeout(r, 600_000))'],
  ['a loop after an await', 'await 0; for (;;) {}'],
  ['a loop after a timer', 'await new Promise((r) => setTimeout(r, 10)); SAY; for (;;) {}'],
  ['a loop after I/O', 'const spinLater = async () => { await require("fs/promises").readFile("/etc/hostname"); SAY; for (;;) {} }\nawait spinLater()'],
  ['a loop in a timer while the cell waits', 'setTimeout(() => { SAY; for (;;) {} }, 10); await new Promise(() => {})'],
  ['an endless chain of microtasks', 'await (async () => { for (;;) await 0 })()'],
  ['an endless chain of microtasks that nobody awaits', 'void (async () => { for (;;) await 0 })()'],
  ['an endless chain of immediates', 'let storm = true; await new Promise(() => { (function again() { if (storm) setImmediate(again) })() })'],
  ['Atomics.wait', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
  ['endless sorting', 'const heap = Array.from({ length: 1e6 }, (_, i) => Math.sin(i)); for (;;) heap.slice().sort((a, b) => a - b)'],
  ['a request that is never answered', 'const net = require("net"); const silent = net.createServer(() => {}).listen(0); await new Promise((r) => setTimeout(r, 10)); await fetch("http://127.0.0.1:" + (silent.address() as any).port)'],
  ['a loop in the inspection of the value', '({ [Symbol.for("nodejs.util.inspect.custom")]() { for (;;) {} } })'],
  ['a loop in the display of the value', '({ [Symbol.for("Jupyter.display")]() { for (;;) {} } })'],
  ['a loop in a property of what was thrown', 'const bomb = new Error(); Object.defineProperty(bomb, "message", { get() { for (;;) {} } }); throw bomb'],
  ['a loop of displays', 'for (;;) display(1)'],
  ['printing in turn without end', 'for (;;) { console.log("o"); console.error("e") }'],
  ['an import that never ends', 'await import("data:text/javascript,await new Promise(() => {})")'],
];

describe('an interrupt', () => {
  it.each(RUNAWAYS)('ends %s and keeps the state', async (_name, code) => {
    await using interpreter = await Interpreter.start();
    await interpreter.execute('let kept = 42');

    const answer = await interpreter.interruptOnceRunning(code);

    expect(answer.error).toEqual({ name: 'KeyboardInterrupt', value: 'execution interrupted', traceback: 'KeyboardInterrupt: execution interrupted' });
    await interpreter.execute('storm = false');
    expect(await interpreter.evaluate('await new Promise((r) => setTimeout(() => r(kept), 1))')).toBe(42);
  });

  it('ends a loop when only the signal arrives', async () => {
    await using interpreter = await Interpreter.start();
    interpreter.begin('console.log("running"); for (;;) {}');
    await interpreter.next((event) => event.event === 'stdout');
    interpreter.signal('SIGINT');
    expect((await interpreter.end()).error?.name).toBe('KeyboardInterrupt');
  });

  it('that the code sent to itself is not named like one of the platform', async () => {
    await using interpreter = await Interpreter.start();
    const { error } = await interpreter.execute('process.kill(process.pid, "SIGINT"); for (;;) {}');
    expect(error?.name).toBe('KeyboardInterrupt');
  });

  it('that is a signal while nothing runs costs at most one execution', async () => {
    await using interpreter = await Interpreter.start();
    await interpreter.execute('let kept = 42');
    const outcomes: (string | undefined)[] = [];
    for (let round = 0; round < 30; round += 1) {
      if (round < 5) interpreter.signal('SIGINT');
      outcomes.push((await interpreter.execute('kept')).error?.name);
    }
    expect(outcomes.filter((name) => name === 'KeyboardInterrupt').length).toBeLessThanOrEqual(5);
    expect(outcomes.filter((name) => name !== 'KeyboardInterrupt' && name !== undefined)).toEqual([]);
    expect(await interpreter.evaluate('kept')).toBe(42);
  });

  it('does no harm when its id is another one', async () => {
    await using interpreter = await Interpreter.start();
    const body = Buffer.from(JSON.stringify({ op: 'interrupt', id: 'other', rung: 1 }));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    interpreter.begin('console.log("running"); await new Promise((r) => setTimeout(r, 50)); 5');
    await interpreter.next((event) => event.event === 'stdout');
    interpreter.send({ do: 'raw', hex: Buffer.concat([length, body]).toString('hex') });
    const answer = await interpreter.end();
    expect(answer.error).toBeUndefined();
    expect(answer.value?.['text/plain']).toBe('5');
  });

  it('does not reach the execution that comes next', async () => {
    await using interpreter = await Interpreter.start();
    for (let round = 0; round < 20; round += 1) {
      const stopped = await interpreter.interruptOnceRunning('await new Promise(() => {})');
      expect(stopped.error?.name).toBe('KeyboardInterrupt');
      const next = await interpreter.execute('let n = 0; for (let i = 0; i < 1e6; i++) n += i; n');
      expect(next.error).toBeUndefined();
    }
  });

  it('works although user code has removed every listener', async () => {
    await using interpreter = await Interpreter.start();
    const answer = await interpreter.interruptOnceRunning('process.removeAllListeners(); await 0; for (;;) {}');
    expect(answer.error?.name).toBe('KeyboardInterrupt');
    expect(await interpreter.evaluate('3')).toBe(3);
  });

  it('never leaves a frame cut short', async () => {
    await using interpreter = await Interpreter.start();
    await interpreter.execute('const big = "x".repeat(3_000_000); let shown = 0');
    for (let round = 0; round < 15; round += 1) {
      const id = interpreter.begin('for (;;) { display({ [Symbol.for("Jupyter.display")]: () => ({ "text/plain": big }) }); shown++ }');
      await interpreter.next((event) => event.event === 'item');
      interpreter.interrupt(id, 1);
      expect((await interpreter.end()).error?.name).toBe('KeyboardInterrupt');
    }
    expect(await interpreter.evaluate('shown > 0')).toBe(true);
  });

  it('keeps the state through many interrupts at any moment', async () => {
    await using interpreter = await Interpreter.start();
    await interpreter.execute('let rounds = 0');
    const loops = ['for (;;) {}', 'for (;;) await 0', 'for (;;) console.log("y".repeat(50))', 'for (;;) await require("fs/promises").readFile("/etc/hostname")', 'for (;;) display(rounds)', 'await new Promise(() => {})'];
    for (let round = 0; round < 60; round += 1) {
      await interpreter.execute('rounds++');
      const answer = await interpreter.interruptOnceRunning(loops[round % loops.length]!);
      expect(answer.error?.name).toBe('KeyboardInterrupt');
    }
    expect(await interpreter.evaluate('rounds')).toBe(60);
  });
});
