// User code that means harm, or behaves as if: the driver answers, or its process ends; it never hangs and never lies.
import { describe, expect, it } from 'bun:test';
import { Interpreter } from './harness/interpreter';

// After these cells the session answers as ever.
const SURVIVED: [name: string, cells: string[]][] = [
  ['Object.prototype is polluted', ['Object.prototype.toJSON = () => "EVIL"; Object.prototype.get = () => 1; for (const k of ["value", "id", "data", "event", "error", "then0", "0", "ack", "length2"]) Object.defineProperty(Object.prototype, k, { get() { return "pwn" }, set() {}, configurable: true }); 1']],
  ['arrays, strings, expressions and maps are overridden', ['Array.prototype.push = Array.prototype.map = Array.prototype[Symbol.iterator] = () => { throw new Error("pwn") }; JSON.stringify = JSON.parse = () => "pwn"; String.prototype.slice = String.prototype.replace = String.prototype.split = () => "pwn"; RegExp.prototype.exec = RegExp.prototype.test = () => { throw 1 }; Map.prototype.get = Set.prototype.has = () => { throw 2 }; 1']],
  ['functions cannot be called in other ways', ['Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => { throw 1 }; Reflect.apply = () => { throw 2 }; 1']],
  ['promises are overridden', ['Promise.prototype.then = function () { throw 1 }; Promise.resolve = () => { throw 2 }; globalThis.Promise = null; 1']],
  ['errors are overridden', ['Error.prepareStackTrace = () => { throw new Error("pst") }; Error.stackTraceLimit = 0; Error.captureStackTrace = null; 1']],
  ['the usual globals are gone', ['globalThis.process = globalThis.console = globalThis.Buffer = globalThis.setTimeout = globalThis.queueMicrotask = globalThis.Uint8Array = globalThis.Bun0 = null; 1']],
  ['the prototypes are frozen', ['for (const p of [Object, Array, Error, Function, Promise]) Object.freeze(p.prototype); 1']],
  ['all listeners are removed', ['process.removeAllListeners(); 1']],
  ['the driver\'s globals are deleted', ['delete globalThis.__interpreter__; delete globalThis.require; delete globalThis.display; 1']],
  ['the modules of the runtime are overridden', ['const fs = require("fs"); for (const k of Object.keys(fs)) try { fs[k] = () => { throw 1 } } catch {}; const util = require("util"); util.inspect = util.format = () => { throw 2 }; const vm = require("vm"); vm.Script = null; 1']],
  ['typed arrays are overridden', ['const typed = Object.getPrototypeOf(Uint8Array.prototype); for (const k of ["length", "buffer", "byteOffset", "byteLength"]) Object.defineProperty(typed, k, { get() { throw 1 } }); typed.set = typed.subarray = typed.slice = () => { throw 2 }; TextEncoder.prototype.encodeInto = TextDecoder.prototype.decode = () => { throw 3 }; 1']],
  ['the stack overflows', ['function so() { return so() + 1 }\ntry { so() } catch {}; 1']],
  ['inspection overflows the stack', ['class SO { get [Symbol.toStringTag]() { return new SO()[Symbol.toStringTag] } }\nnew SO()']],
  ['the standard descriptors are closed', ['for (const i of [0, 1, 2]) require("fs").closeSync(i); console.log("still"); 1']],
  ['standard input is read', ['require("fs").readFileSync(0, "utf8")', 'prompt("x?")', 'for await (const line of console) break; 1']],
  ['workers come and go', ['const { Worker: W } = require("worker_threads"); await new Promise((r) => new W("process.exit(0)", { eval: true }).on("exit", r)); 1']],
  ['it chains microtasks for a while', ['for (let i = 0; i < 100_000; i++) await null; 1']],
  ['the code is large', [`const large = "${'x'.repeat(900_000)}"; 1`]],
  ['the code is deeply nested', [`${'['.repeat(20_000)}${']'.repeat(20_000)}`]],
  ['the code looks like a regular expression bomb', [`a${'<'.repeat(50_000)}>(`, `a<${'b '.repeat(100_000)}`]],
];

describe('a session survives that', () => {
  it.each(SURVIVED)('%s', async (name, cells) => {
    await using interpreter = await Interpreter.start();
    for (const code of cells) expect((await interpreter.execute(code)).ended).toBeUndefined();

    const typed = await interpreter.execute('const typed: number = 6; enum Kind { A }; ({ a: [typed, Kind.A] })');
    expect(typed.error).toBeUndefined();
    expect(Object.keys(typed.value!)).toContain('text/plain');
    const awaited = await interpreter.execute('await 0; "b"');
    expect([awaited.error, awaited.value?.['text/plain']]).toEqual([undefined, "'b'"]);
    if (name !== 'promises are overridden') {
      // The module loader of the runtime itself needs those.
      const imported = await interpreter.execute('import { sep } from "node:path"\nsep');
      expect(imported.value?.['text/plain']).toBe("'/'");
    }
    const failed = await interpreter.execute('await 0\nmissing');
    expect([failed.error?.name, failed.error?.traceback.includes(':2:')]).toEqual(['ReferenceError', name !== 'errors are overridden']);
  });
});

describe('an interpreter ends', () => {
  const endings: [name: string, cells: string[], ended: object][] = [
    ['with process.exit', ['process.exit(3)'], { code: 3 }],
    ['with process.exit after an await', ['await 0; process.exit(3)'], { code: 3 }],
    ['with an exit in a timer', ['setTimeout(() => process.exit(4), 1); 1', 'await new Promise(() => {})'], { code: 4 }],
    ['with process.abort', ['process.abort()'], { signal: 6 }],
    ['with a signal to itself', ['process.kill(process.pid, "SIGKILL")'], { signal: 9 }],
    ['when it closes the requests', ['require("fs").closeSync(3); 1'], { code: 70 }],
    ['when it closes the doorbell', ['require("fs").closeSync(4); 1'], { code: 70 }],
    ['when it closes the acknowledgements', ['require("fs").closeSync(6); display(1)'], { code: 70 }],
    ['when it replaces a descriptor', ['const fs = require("fs"); fs.closeSync(4); fs.openSync("/etc/hostname"); 1'], { code: 70 }],
  ];
  it.each(endings)('%s', async (_name, cells, ended) => {
    await using interpreter = await Interpreter.start();
    let answer;
    for (const code of cells) answer = await interpreter.execute(code);
    expect(answer!.ended).toEqual({ event: 'ended', ...ended });
  });

  it('with code 0 when the requests end', async () => {
    await using interpreter = await Interpreter.start();
    interpreter.send({ do: 'close' });
    expect(await interpreter.next((event) => event.event === 'ended')).toEqual({ event: 'ended', code: 0 });
  });

  it('with code 0 when the requests end, whatever user code does at exit', async () => {
    await using interpreter = await Interpreter.start();
    await interpreter.execute('process.on("exit", () => { for (;;) {} })');
    interpreter.send({ do: 'close' });
    expect(await interpreter.next((event) => event.event === 'ended')).toEqual({ event: 'ended', code: 0 });
  });

  const faults: [name: string, frames: object[]][] = [
    ['a request before start', [{ op: 'execute', id: 'e', count: 1, code: '', env: {} }]],
    ['a second start', [{ op: 'start', limits: { stream_bytes: 1, item_bytes: 1 }, env: {} }, { op: 'start', limits: { stream_bytes: 1, item_bytes: 1 }, env: {} }]],
    ['a second execution at a time', [{ op: 'start', limits: { stream_bytes: 1, item_bytes: 1 }, env: {} }, { op: 'execute', id: 'a', count: 1, code: 'await new Promise(() => {})', env: {} }, { op: 'execute', id: 'b', count: 2, code: '', env: {} }]],
  ];
  it.each(faults)('after %s', async (_name, frames) => {
    await using interpreter = await Interpreter.spawn();
    for (const frame of frames) interpreter.send(frame);
    expect(await interpreter.next((event) => event.event === 'ended')).toEqual({ event: 'ended', code: 70 });
  });
});

describe('the protocol', () => {
  it('says hello', async () => {
    await using interpreter = await Interpreter.spawn();
    interpreter.send({ op: 'start', limits: { stream_bytes: 1, item_bytes: 1 }, env: {} });
    expect(await interpreter.next(() => true)).toEqual({ event: 'hello', protocol: 1, language: 'typescript', version: '1.4.5' });
  });

  it('takes an execution right behind the start', async () => {
    await using interpreter = await Interpreter.spawn();
    interpreter.send({ op: 'start', limits: { stream_bytes: 1000, item_bytes: 1000 }, env: {} });
    expect((await interpreter.execute('7')).value?.['text/plain']).toBe('7');
  });

  it('carries code with lone surrogates and every other character', async () => {
    await using interpreter = await Interpreter.start();
    const { value } = await interpreter.execute(`'\u2028\u0001😀'.length + ${JSON.stringify('\\ud83d')}.length`);
    expect(value?.['text/plain']).toBe('10');
  });

  it('does not give its descriptors to child processes', async () => {
    await using interpreter = await Interpreter.start();
    expect(await interpreter.evaluate('require("child_process").execSync("ls /proc/self/fd").toString().split("\\n").filter((fd: string) => +fd > 3)')).toEqual([]);
  });
});
