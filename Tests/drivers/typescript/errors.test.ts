// What `done` says of code that failed.
import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Interpreter, type Failure } from './harness/interpreter';

let interpreter: Interpreter;

beforeAll(async () => {
  interpreter = await Interpreter.start();
});

afterAll(async () => {
  await interpreter[Symbol.asyncDispose]();
});

async function failure(code: string): Promise<Failure> {
  const { error } = await interpreter.execute(code);
  if (!error) throw new Error('the code did not fail');
  return { ...error, traceback: error.traceback.replaceAll(/cell_\d+/g, 'cell_N') };
}

describe('an error', () => {
  it('has the frames of the user and no other', async () => {
    const { name, value, traceback } = await failure('function f() {\n  throw new RangeError("bad")\n}\n[1].map(() => f())');
    expect([name, value]).toEqual(['RangeError', 'bad']);
    expect(traceback.replaceAll(/:\d+\)?$/gm, '')).toBe('RangeError: bad\n    at f (cell_N.ts:2\n    at <anonymous> (cell_N.ts:4\n    at map (native:1\n    at cell_N.ts:4');
  });

  it('has the frames of the user only after an await too', async () => {
    const { traceback } = await failure('await 0\nconst nothing: any = null\nnothing.x');
    expect(traceback).toMatch(/^TypeError: null is not an object .*\n {4}at <anonymous> \(cell_N\.ts:3:\d+\)$/);
  });

  it('keeps the columns of what the user wrote', async () => {
    expect((await failure('const o = null; o.x')).traceback).toContain('cell_N.ts:1:18');
    expect((await failure('const p: any = null; p.x')).traceback).toContain('cell_N.ts:1:23');
  });

  it('is named by the file when a module fails', async () => {
    await writeFile(join(interpreter.home, 'broken.ts'), 'export const a = 1\nthrow new Error("inside")\n');
    const { value, traceback } = await failure('import "./broken.ts"');
    expect(value).toBe('inside');
    expect(traceback).toContain('broken.ts:2:');
    expect(traceback).not.toContain('driver');
  });

  it('names the place when a module does not compile', async () => {
    await writeFile(join(interpreter.home, 'garbled.ts'), 'let a = 1\nlet b = = 3\n');
    const { name, traceback } = await failure('import "./garbled.ts"');
    expect(name).toBe('SyntaxError');
    expect(traceback).toContain('garbled.ts:2:');
  });

  it('quotes an await as the user wrote it', async () => {
    const { value, traceback } = await failure('(await Promise.resolve({})).nope()');
    expect(value).toStartWith('(await Promise.resolve({})).nope is not a function');
    expect(traceback).not.toContain('yield');
  });

  it('names no place in a cell where none is known', async () => {
    expect((await failure('import { sep } from "node:path"\nconst sep = 1')).traceback).toBe("SyntaxError: Identifier 'sep' has already been declared");
  });

  it('says what cannot be imported', async () => {
    expect((await failure('import "./nowhere"')).value).toContain("./nowhere");
    expect((await failure('import { nothing } from "node:fs"')).value).toContain("does not provide an export named 'nothing'");
  });

  it('shows its causes and its parts', async () => {
    const { traceback } = await failure('throw new AggregateError([new Error("one"), 2], "all", { cause: new TypeError("why", { cause: "because" }) })');
    expect(traceback).toContain('AggregateError: all');
    expect(traceback).toContain('[errors][0]: Error: one');
    expect(traceback).toContain('[errors][1]: 2');
    expect(traceback).toContain('[cause]: TypeError: why');
    expect(traceback).toContain("[cause]: 'because'");
  });

  it('ends although it is its own cause', async () => {
    expect((await failure('const e: any = new Error("round"); e.cause = e; throw e')).value).toBe('round');
  });

  it('has no terminal escapes', async () => {
    const error = await failure('throw new Error("\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07 end\\x1b")');
    expect(error.value).toBe('red  end');
    expect(JSON.stringify(error)).not.toContain('\\u001b');
  });

  it('has a name of at most 256 characters', async () => {
    expect((await failure('throw Object.assign(new Error("v"), { name: "N".repeat(1000) })')).name).toBe('N'.repeat(256));
  });

  it('is cut when it is long', async () => {
    const { value, traceback } = await failure('throw new Error("é".repeat(50_000_000))');
    expect(Buffer.byteLength(value)).toBeLessThanOrEqual(64 * 1024);
    expect(value).toContain('[output truncated: ');
    expect(Buffer.byteLength(traceback)).toBeLessThanOrEqual(256 * 1024);
  });

  const thrown: [code: string, value: string][] = [
    ['throw "text"', "'text'"],
    ['throw undefined', 'undefined'],
    ['throw { code: 7 }', '{ code: 7 }'],
    ['await Promise.reject(5)', '5'],
  ];
  it.each(thrown)('that is none: %s', async (code, value) => {
    expect(await failure(code)).toEqual({ name: 'Uncaught', value, traceback: `Uncaught ${value}` });
  });

  const hostile = [
    'throw new Proxy(new Error("x"), { get() { throw 1 } })',
    'throw Object.defineProperty(new Error("x"), "message", { get() { throw 1 } })',
    'throw Object.assign(new Error("x"), { name: { toString() { throw 1 } }, stack: 5, message: Symbol("m") })',
    'throw { [Symbol.for("nodejs.util.inspect.custom")]() { throw 1 } }',
    'Error.prepareStackTrace = () => { throw 1 }; Error.stackTraceLimit = 0; throw new Error("x")',
    'function over() { return over() + 1 }\nover()',
    'throw null',
    'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy',
    'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); await Promise.reject(proxy)',
    'throw new Proxy(new Error("x"), { getPrototypeOf() { throw 3 } })',
    'throw Object.setPrototypeOf({}, new Proxy({}, { getPrototypeOf() { throw 3 } }))',
    'throw Object.assign(new Error("x"), { errors: new Proxy([], { get() { throw 1 } }) })',
    'throw Object.assign(new Error("x"), { position: { get file() { throw 1 } } })',
    'throw Object.assign(new Error("x"), { position: { file: "/x", line: { toString() { throw 1 } } } })',
  ];
  it.each(hostile)('that resists: %s', async (code) => {
    await using other = await Interpreter.start();
    expect((await other.execute(code)).error).toBeDefined();
    expect(await other.evaluate('1')).toBe(1);
  });
});

describe('an error of the runtime', () => {
  const ofTheRuntime: [code: string, traceback: string][] = [
    ['atob("*")', 'InvalidCharacterError: The string contains invalid characters.\n    at atob (native)\n    at cell_N.ts:1:5'],
    ['structuredClone(() => 1)', 'DataCloneError: The object can not be cloned.\n    at structuredClone (native)\n    at cell_N.ts:1:16'],
    ['JSON.parse("{")', "SyntaxError: JSON Parse error: Expected '}'\n    at parse (native)\n    at cell_N.ts:1:11"],
    ['new URL("x")', 'TypeError: Invalid URL\n    at URL (native)\n    at cell_N.ts:1:8'],
    ['(1).toFixed(1000)', 'RangeError: toFixed() argument must be between 0 and 100\n    at toFixed (native)\n    at cell_N.ts:1:12'],
  ];
  it.each(ofTheRuntime)('has a heading and the frames of the user: %s', async (code, traceback) => {
    expect((await failure(code)).traceback).toBe(traceback);
  });

  it('has its own name when user code makes it', async () => {
    expect(await failure('throw new DOMException("m", "AbortError")')).toEqual({ name: 'AbortError', value: 'm', traceback: 'AbortError: m' });
  });

  it('has no frames of ours when it comes from the event loop', async () => {
    const { name, traceback } = await failure('const signal = AbortSignal.timeout(1); await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))');
    expect(name).toBe('TimeoutError');
    expect(traceback).not.toMatch(/driver|load\.js/);
  });
});

describe('an error that is shown', () => {
  const shown = [
    'new Error("v")',
    'throw { e: new Error("v") }',
    'await 0; throw new Error("v", { cause: new Proxy(new Error("w"), {}) })',
    'try { null!.x } catch (e) { console.error(e) }',
    'try { atob("*") } catch (e) { console.log({ e }) }',
    'console.log(new Error("v").stack)',
    'process.stdout.write(new Error("v").stack + "\\n")',
    'new Error("v").stack',
    'setTimeout(() => console.log(new Error("v")), 1); await new Promise((r) => setTimeout(r, 20))',
  ];
  it.each(shown)('has no frames of ours: %s', async (code) => {
    const { items, stdout, stderr, error } = await interpreter.execute(code);
    const text = JSON.stringify([items, stdout, stderr, error]).replaceAll(/cell_\d+/g, 'cell_N');
    expect(text).toContain('cell_N.ts:1:');
    expect(text).not.toMatch(/driver|load\.js|runInThisContext/);
  });

  it('quotes an await as the user wrote it also where the error is only shown', async () => {
    const { value, stdout } = await interpreter.execute('let caught\ntry { (await {}).nope() } catch (e) { console.log((caught = e).message) }\ncaught');
    expect(stdout).toStartWith('(await {}).nope is not a function');
    expect(value?.['text/plain']).toStartWith('TypeError: (await {}).nope is not a function');
  });

  it('keeps what follows its last frame', async () => {
    const { value } = await interpreter.execute('[new Error("v"), Object.assign(new Error("w"), { code: 5 }), 2]');
    expect(value?.['text/plain'].replaceAll(/cell_\d+\.ts:1:\d+/g, 'cell')).toBe('[\n  Error: v\n      at cell,\n  Error: w\n      at cell {\n    code: 5\n  },\n  2\n]');
  });

  it('leaves alone what only looks like one', async () => {
    const text = 'at the driver: hello\n    at home (/srv/driver:1)\nme@driver:x';
    expect((await interpreter.execute(`console.log(${JSON.stringify(text)})`)).stdout).toBe(`${text}\n`);
  });
});

describe('a syntax error', () => {
  it('shows where it is', async () => {
    expect(await failure('const é = "😀";\nlet b = = 3')).toEqual({
      name: 'SyntaxError',
      value: 'Unexpected token',
      traceback: 'cell_N.ts:2:9\nlet b = = 3\n        ^\nSyntaxError: Unexpected token\n    at cell_N.ts:2:9',
    });
  });

  it('counts lines as the language has them', async () => {
    const { traceback } = await failure('let a = 1\r\n// \u2028let c = 2\rlet b = = 3 // \f\nlet d');
    expect(traceback).toStartWith('cell_N.ts:4:9\nlet b = = 3 // \f\n        ^\n');
  });

  const broken = ['foo(', '`abc', '/* x', '"', 'let a; let a', 'class {', '@', 'a b', '/(/', 'break', 'await = ;', '}', 'const x: = 1', '(function () { "use strict"; with (a) {} })', '<div>', 'yield 1 2'];
  it.each(broken)('in %s leaves the session as it was', async (code) => {
    expect((await failure(code)).name).toBe('SyntaxError');
    expect(await interpreter.evaluate('1')).toBe(1);
  });

  // Each is more than the native parser survives.
  const deep: [name: string, code: string][] = [
    ['parentheses', `let x: number = ${'('.repeat(20_000)}1${')'.repeat(20_000)}`],
    ['blocks', `let x: number;${'{'.repeat(20_000)}${'}'.repeat(20_000)}`],
    ['arrows', `let f: any = ${'a=>'.repeat(20_000)}1`],
    ['arrows on lines of their own', `let f: any = ${'a=>\n'.repeat(20_000)}1`],
    ['type arguments', `let x: ${'A<'.repeat(20_000)}B${'>'.repeat(20_000)}`],
    ['templates', `let x: string = ${'`${'.repeat(20_000)}1${'}`'.repeat(20_000)}`],
    ['elements', `let x: any = ${'<d>'.repeat(20_000)}${'</d>'.repeat(20_000)}`],
  ];
  it.each(deep)('for nested %s leaves the session as it was', async (_name, code) => {
    expect(await failure(code)).toMatchObject({ name: 'SyntaxError', value: 'The code is nested too deeply' });
    expect(await interpreter.evaluate('1')).toBe(1);
  });

  it('is not made of a long cell without semicolons', async () => {
    const lines = Array.from({ length: 3000 }, (_, index) => `const f${index} = (x: Array<number>) => x.length < ${index}`);
    expect((await interpreter.execute(`${lines.join('\n')}\nf2999([])`)).value?.['text/plain']).toBe('true');
  });

  it('runs nothing of its cell', async () => {
    await failure('globalThis.hasRun = true\nlet b = = 3');
    expect(await interpreter.evaluate('typeof hasRun')).toBe('undefined');
  });
});
