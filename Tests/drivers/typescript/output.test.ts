// What is printed: in order, at once, and only while an execution runs.
import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { Interpreter, type Answer } from './harness/interpreter';

let interpreter: Interpreter;

beforeAll(async () => {
  interpreter = await Interpreter.start();
});

afterAll(async () => {
  await interpreter[Symbol.asyncDispose]();
});

// The texts in the order in which the supervisor forwards them, neighbours of one stream joined.
function inOrder({ events }: Answer): string[] {
  const texts: [string, string][] = [];
  for (const { event, text } of events) {
    if (event !== 'stdout' && event !== 'stderr') continue;
    if (texts.at(-1)?.[0] === event) texts.at(-1)![1] += text;
    else texts.push([event, text]);
  }
  return texts.map(([stream, text]) => `${stream}:${text}`);
}

describe('printing', () => {
  it('keeps the order of both streams', async () => {
    const answer = await interpreter.execute('console.log("a"); console.error("b"); process.stdout.write("c\\n"); process.stderr.write("d\\n"); console.info("e"); console.warn("f")');
    expect(inOrder(answer)).toEqual(['stdout:a\n', 'stderr:b\n', 'stdout:c\n', 'stderr:d\n', 'stdout:e\n', 'stderr:f\n']);
  });

  it('keeps the order among the output of child processes and of the descriptors themselves', async () => {
    const { stdout } = await interpreter.execute('const { execSync } = require("child_process"); console.log(1); execSync("echo 2", { stdio: "inherit" }); console.log(3); require("fs").writeSync(1, "4\\n"); await Bun.$`echo 5`; console.log(6)');
    expect(stdout).toBe('1\n2\n3\n4\n5\n6\n');
  });

  it('writes text and bytes, and calls back', async () => {
    const { stdout } = await interpreter.execute('await new Promise<void>((r) => process.stdout.write(Buffer.from("é😀\\n"), () => r())); process.stdout.write("x"); console.log("%s is %d", "x", 5, { a: [1] })');
    expect(stdout).toBe('é😀\nxx is 5 { a: [ 1 ] }\n');
  });

  it('goes through streams as Node has them, which nobody can close', async () => {
    const { stdout, value } = await interpreter.execute([
      'const { Readable } = require("node:stream"), { WriteStream } = require("node:fs");',
      'await new Promise((resolve) => Readable.from(["piped\\n"]).on("end", resolve).pipe(process.stdout));',
      'process.stdout.destroy();',
      'process.stdout.write("written\\n");',
      '[process.stdout instanceof WriteStream, process.stdout === process.stdout, process.stdout.fd, process.stderr.fd].join()',
    ].join('\n'));
    expect(stdout).toBe('piped\nwritten\n');
    expect(value?.['text/plain']).toBe("'true,true,1,2'");
  });

  it('puts U+FFFD in the place of lone surrogates', async () => {
    expect((await interpreter.execute('console.log("a\\ud800b")')).stdout).toBe('a\ufffdb\n');
  });

  it('does not split characters of long texts', async () => {
    const { stdout } = await interpreter.execute('console.log("x" + "😀".repeat(100_000))');
    expect(stdout).toBe(`x${'😀'.repeat(100_000)}\n`);
  });

  it('does not lose a flood', async () => {
    const { stdout } = await interpreter.execute('for (let i = 0; i < 20_000; i++) console.log("line", i)');
    expect(stdout.split('\n').length).toBe(20_001);
    expect(stdout.endsWith('line 19999\n')).toBe(true);
  });

  const console: [code: string, stdout: string, stderr: string][] = [
    ['console.dir({ a: 1 })', '{ a: 1 }\n', ''],
    ['console.table([{ a: 1 }])', '┌───┬───┐\n│   │ a │\n├───┼───┤\n│ 0 │ 1 │\n└───┴───┘\n', ''],
    ['console.group("g"); console.log("a\\nb"); console.groupEnd(); console.log("c")', 'g\n  a\n  b\nc\n', ''],
    ['console.assert(false, "no %s", "x"); console.assert(true)', '', 'Assertion failed: no x\n'],
    ['console.count(); console.count("x"); console.count(); console.countReset(); console.count()', 'default: 1\nx: 1\ndefault: 2\ndefault: 1\n', ''],
  ];
  it.each(console)('%s', async (code, stdout, stderr) => {
    const answer = await interpreter.execute(code);
    expect([answer.stdout, answer.stderr]).toEqual([stdout, stderr]);
  });

  it('traces the frames of the user only', async () => {
    const { stderr } = await interpreter.execute('function here() { console.trace("at") }\nhere()');
    expect(stderr).toMatch(/^Trace: at\n {4}at here \(cell_\d+\.ts:1:\d+\)\n {4}at cell_\d+\.ts:2:\d+\n$/);
  });

  it('gives console functions of the user\'s own realm', async () => {
    expect(await interpreter.evaluate('console.log instanceof Function && console.log.name === "log" && display instanceof Function')).toBe(true);
  });

  it('while nothing runs belongs to no execution', async () => {
    await interpreter.execute('let ticks = 0; const ticking = setInterval(() => { ticks++; console.log("idle"); process.stderr.write("idle") }, 1)');
    await interpreter.execute('clearInterval(ticking)');
    const { stdout, stderr } = await interpreter.execute('await new Promise((r) => setTimeout(r, 20))');
    expect([stdout, stderr]).toEqual(['', '']);
  });

  it('of what code has set going at once belongs to it', async () => {
    const { stdout } = await interpreter.execute('Promise.resolve("then").then(console.log); process.nextTick(() => console.log("tick"))');
    expect(stdout.split('\n').sort()).toEqual(['', 'then', 'tick']);
  });
});

describe('an error that nobody catches', () => {
  const uncaught: [name: string, code: string][] = [
    ['in a promise', 'Promise.reject(new TypeError("lost")); await new Promise((r) => setTimeout(r, 5)); 1'],
    ['in a promise of a cell that does not wait', 'Promise.reject(new TypeError("lost")); 1'],
    ['in a timer', 'setTimeout(() => { throw new TypeError("lost") }, 1); await new Promise((r) => setTimeout(r, 10)); 1'],
    ['in a callback', 'require("fs").readFile("/etc/hostname", () => { throw new TypeError("lost") }); await new Promise((r) => setTimeout(r, 20)); 1'],
    ['when an earlier cell has removed all listeners', 'Promise.reject(new TypeError("lost")); await new Promise((r) => setTimeout(r, 5)); 1'],
  ];
  it.each(uncaught)('%s is printed and ends nothing', async (name, code) => {
    if (name.startsWith('when')) await interpreter.execute('process.removeAllListeners(); 0');
    const { value, stderr } = await interpreter.execute(code);
    expect(value?.['text/plain']).toBe('1');
    expect(stderr).toMatch(/^Uncaught TypeError: lost\n {4}at .*cell_\d+\.ts:1:\d+/);
    expect(stderr).not.toContain('driver');
  });

  it('is no error but a value: then it is called uncaught once', async () => {
    const { stderr } = await interpreter.execute('Promise.reject("s"); await new Promise((r) => setTimeout(r, 5))');
    expect(stderr).toBe("Uncaught 's'\n");
  });

  it('and resists being read, in a timer, ends nothing', async () => {
    const { value, stderr } = await interpreter.execute('setTimeout(() => { throw new Proxy(new Error("x"), { getPrototypeOf() { throw 3 } }) }, 1); await new Promise((r) => setTimeout(r, 20)); 1');
    expect(value?.['text/plain']).toBe('1');
    expect(stderr).toStartWith('Uncaught ');
    expect(stderr).not.toContain('driver');
  });

  it('goes to the listener of user code, if there is one', async () => {
    const { stdout, stderr } = await interpreter.execute('process.once("unhandledRejection", (e: any) => console.log("mine", e.message)); Promise.reject(new Error("x")); await new Promise((r) => setTimeout(r, 5))');
    expect([stdout, stderr]).toEqual(['mine x\n', '']);
  });
});

describe('the event loop', () => {
  it('does not sleep between immediates', async () => {
    const code = 'for (let i = 0; i < 200; i++) await new Promise((r) => setImmediate(r)); for (let i = 0; i < 200; i++) await require("timers/promises").setImmediate(); await new Promise<void>((r) => setImmediate(() => setImmediate(r)))';
    expect((await interpreter.execute(code)).error).toBeUndefined();
  });

  it('serves across cells', async () => {
    await interpreter.execute('const server = Bun.serve({ port: 0, fetch: () => new Response("hey") })');
    expect(await interpreter.evaluate('await (await fetch(server.url)).text()')).toBe('hey');
    await interpreter.execute('server.stop(true)');
  });
});
