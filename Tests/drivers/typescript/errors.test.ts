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

  it('is cut when it is long', async () => {
    const { value, traceback } = await failure('throw new Error("é".repeat(50_000_000))');
    expect(Buffer.byteLength(value)).toBeLessThan(64 * 1024 + 100);
    expect(value).toContain('[output truncated: ');
    expect(Buffer.byteLength(traceback)).toBeLessThan(256 * 1024 + 100);
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
  ];
  it.each(hostile)('that resists: %s', async (code) => {
    await using other = await Interpreter.start();
    expect((await other.execute(code)).error).toBeDefined();
    expect(await other.evaluate('1')).toBe(1);
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

  const broken = ['foo(', '`abc', '/* x', '"', 'let a; let a', 'class {', '@', 'a b', '/(/', 'break', 'await = ;', '}', 'const x: = 1', '(function () { "use strict"; with (a) {} })', '<div>', 'yield 1 2'];
  it.each(broken)('in %s leaves the session as it was', async (code) => {
    expect((await failure(code)).name).toBe('SyntaxError');
    expect(await interpreter.evaluate('1')).toBe(1);
  });

  it('runs nothing of its cell', async () => {
    await failure('globalThis.hasRun = true\nlet b = = 3');
    expect(await interpreter.evaluate('typeof hasRun')).toBe('undefined');
  });
});
