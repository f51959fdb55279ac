// Environment variables: those of the interpreter's life and those of one execution.
import { describe, expect, it } from 'bun:test';
import { Interpreter } from './harness/interpreter';

describe('environment variables', () => {
  it('of the start last', async () => {
    await using interpreter = await Interpreter.start({ env: { LASTING: 'é' } });
    expect(await interpreter.evaluate('process.env.LASTING')).toBe('é');
    expect(await interpreter.evaluate('require("child_process").execSync("printf %s $LASTING").toString()')).toBe('é');
  });

  it('of an execution are there for it and its children, and gone afterwards', async () => {
    await using interpreter = await Interpreter.start({ env: { A: 'old' } });
    const code = 'console.log(process.env.A, process.env.B, Bun.env.B, require("child_process").execSync("echo $A $B").toString())';
    expect((await interpreter.execute(code, { env: { A: 'new', B: 'b' } })).stdout).toBe('new b b new b\n\n');
    expect((await interpreter.execute(code)).stdout).toBe('old undefined undefined old\n\n');
  });

  const waysOut: [name: string, code: string][] = [
    ['an error', 'throw 1'],
    ['a syntax error', 'let b = = 3'],
    ['an error after an await', 'await 0; throw 1'],
    ['code that changes and deletes them', 'process.env.A = "changed"; delete process.env.B'],
  ];
  it.each(waysOut)('are put back after %s', async (_name, code) => {
    await using interpreter = await Interpreter.start({ env: { A: 'old' } });
    await interpreter.execute(code, { env: { A: 'new', B: 'b' } });
    expect(await interpreter.evaluate('[process.env.A, "B" in process.env]')).toEqual(['old', false]);
  });

  it('are put back after an interrupt', async () => {
    await using interpreter = await Interpreter.start();
    const id = interpreter.begin('console.log("running"); for (;;) {}', { env: { B: 'b' } });
    await interpreter.next((event) => event.event === 'stdout');
    interpreter.interrupt(id, 1);
    await interpreter.end();
    expect(await interpreter.evaluate('"B" in process.env')).toBe(false);
  });

  it('may have any name and value', async () => {
    await using interpreter = await Interpreter.start();
    const { stdout } = await interpreter.execute('console.log(process.env.constructor, JSON.stringify(process.env.X))', { env: { constructor: 'c', X: '`$(id)`\nd' } });
    expect(stdout).toBe('c "`$(id)`\\nd"\n');
  });

  it('of what user code sets itself last', async () => {
    await using interpreter = await Interpreter.start();
    await interpreter.execute('process.env.MINE = "1"', { env: { OTHER: '2' } });
    expect(await interpreter.evaluate('[process.env.MINE, "OTHER" in process.env]')).toEqual(['1', false]);
  });

  it('that meet a setter without end can be interrupted', async () => {
    await using interpreter = await Interpreter.start();
    await interpreter.execute('Object.defineProperty(Object.prototype, "T", { set() { console.log("running"); for (;;) {} }, configurable: true })');
    const id = interpreter.begin('1', { env: { T: 't' } });
    await interpreter.next((event) => event.event === 'stdout');
    interpreter.interrupt(id, 1);
    expect((await interpreter.end()).error?.name).toBe('KeyboardInterrupt');
    expect(await interpreter.evaluate('1')).toBe(1);
  });

  it('set the time zone', async () => {
    await using interpreter = await Interpreter.start();
    expect((await interpreter.execute('console.log(new Date(0).getHours())', { env: { TZ: 'Asia/Tokyo' } })).stdout).toBe('9\n');
    expect((await interpreter.execute('console.log(new Date(0).getHours())')).stdout).toBe('0\n');
  });
});
