// Completions and documentation from a live session, which does not change by them.
import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { Interpreter } from './harness/interpreter';

let session: Interpreter;

beforeAll(async () => {
  session = await Interpreter.start();
  const told = await session.execute(`
    class Point { across = 3; static origin = 1; move(by: number = 1, { far } = { far: Number("1") }) { return by } get trap() { globalThis.touched = true; return {} } }
    const point = new Point();
    const nested = { inner: { 'with space': 1, deep: [{ leaf: 'text' }] }, größe: 1 };
    const double = (n: number) => n * 2, single = async n => n;
    const large = new Uint8Array(50_000_000), many = Array(10_000_000).fill(0);
    globalThis.touched = false;
    const trapped = new Proxy({ a: 1 }, new Proxy({}, { get() { globalThis.touched = true; throw 1 } }));
    const heir = Object.create(trapped, { own: { value: 1 } });
    undefined`);
  expect(told.error).toBeUndefined();
});

afterAll(() => session[Symbol.asyncDispose]());

describe('completions', () => {
  const found: [code: string, match: string, start: number, end: number][] = [
    ['poi', 'point', 0, 3],
    ['Poi', 'Point', 0, 3],
    ['x = point.ac', 'across', 10, 12],
    ['point . mo', 'move', 8, 10],
    ['point?.', 'across', 7, 7],
    ['nested.inner.deep[0].le', 'leaf', 21, 23],
    ['nested["inner"].de', 'deep', 16, 18],
    ["nested.inner['deep'][0].leaf.toUp", 'toUpperCase', 29, 33],
    ['"😀"; nested.grö', 'größe', 12, 15],
    ['if (point) point.ac', 'across', 17, 19],
    ['[...point.ac', 'across', 10, 12],
    ['!point.ac', 'across', 7, 9],
    ['Point.ori', 'origin', 6, 9],
    ['many.fi', 'filter', 5, 7],
    ['large.len', 'length', 6, 9],
    ['double.na', 'name', 7, 9],
    ['crypto.random', 'randomUUID', 7, 13],
    ['Math.PI.toF', 'toFixed', 8, 11],
    ['this.poi', 'point', 5, 8],
    ['globalThis.poi', 'point', 11, 14],
    ['awa', 'await', 0, 3],
    ['const x = inst', 'instanceof', 10, 14],
    ['heir.ow', 'own', 5, 7],
  ];
  it.each(found)('%j has %s', async (code, match, start, end) => {
    const { matches, cursor_start, cursor_end } = await session.complete(code);
    expect(matches).toContain(match);
    expect([cursor_start, cursor_end]).toEqual([start, end]);
  });

  it.each(['point.nothing', 'double(2).to', 'nothing.at.all', 'point.across().to', '1.', 'trapped.', 'point.trap.', '((', '].', '"text".', 'nested.inner[double].', '.'])('%j has no property', async (code) => {
    const { matches, cursor_end } = await session.complete(code);
    if (code !== '((' && code !== '1.') expect(matches).toEqual([]);
    expect(cursor_end).toBe(code.length);
  });

  it('looks only at what is before the cursor', async () => {
    const { matches, cursor_start, cursor_end } = await session.complete('point.acXX + many', 8);
    expect([matches, cursor_start, cursor_end]).toEqual([['across'], 6, 8]);
  });

  it('come in order, and are not too many', async () => {
    const { matches } = await session.complete('');
    expect(matches.length).toBeGreaterThan(50);
    expect(matches.length).toBeLessThanOrEqual(1000);
    expect(matches.filter((name: string) => !name.startsWith('_'))).toEqual(matches.filter((name: string) => !name.startsWith('_')).toSorted());
  });

  it('of an object of many names are cut', async () => {
    await session.execute('const crowd = Object.fromEntries(Array.from({ length: 200_000 }, (_, n) => [`n${n}`, n])); undefined');
    expect((await session.complete('crowd.n')).matches).toHaveLength(1000);
  });

  it('of a chain without end are found in time', async () => {
    expect((await session.complete(`${'a.'.repeat(400_000)}`)).matches).toEqual([]);
    expect((await session.complete(`${'a '.repeat(400_000)}poi`)).matches).toContain('point');
    expect((await session.complete(`${'('.repeat(800_000)}`)).event).toBe('completions');
  });
});

describe('inspection', () => {
  const described: [code: string, cursor: number | undefined, text: string][] = [
    ['point', 0, 'Type: Point'],
    ['point', 3, 'across: 3'],
    ['Point', undefined, 'class Point'],
    ['point.move(2)', 8, 'Signature: move(by = 1, { far } = { far: Number("1") })'],
    ['point.move(2, "a"', undefined, 'Signature: move('],
    ['double', undefined, 'Signature: (n) =>'],
    ['single', undefined, 'Signature: async (n) =>'],
    ['nested.inner.deep[0].leaf', undefined, "Value: 'text'"],
    ['[].map; many.map', undefined, 'native'],
    ['Math.PI', undefined, 'Value: 3.14'],
    ['trapped', undefined, 'Type: Proxy'],
    ['Infinity', undefined, 'Type: number'],
  ];
  it.each(described)('%j at %p tells %s', async (code, cursor, text) => {
    const { found, data } = await session.inspect(code, cursor);
    expect(found).toBe(true);
    expect(Object.keys(data)).toEqual(['text/plain']);
    expect(data['text/plain']).toContain(text);
  });

  it.each(['nothing', '', '1 + ', 'point.trap', 'double(2).x', '((((', ')'])('%j is not found', async (code) => {
    const { found, data } = await session.inspect(code);
    expect([found, data]).toEqual([false, {}]);
  });

  it('is short, whatever the value', async () => {
    await session.execute('const text = "x".repeat(10_000_000), deep = (() => { let d = {}; for (let i = 0; i < 100_000; i++) d = { d }; return d })(); undefined');
    for (const code of ['text', 'deep', 'large', 'many']) expect((await session.inspect(code)).data['text/plain'].length).toBeLessThan(66_000);
  });
});

describe('the session', () => {
  it('is what it was, and no code of it has run', async () => {
    const names = 'Object.getOwnPropertyNames(globalThis).length';
    await session.evaluate('"so that there is a last value"');
    const before = await session.evaluate(names);
    for (const code of ['point.', 'point.trap.', 'trapped.', 'heir.', 'poi']) {
      await session.complete(code);
      await session.inspect(code.replace(/\.$/, ''));
    }
    expect(await session.evaluate(names)).toBe(before);
    expect(await session.evaluate('touched')).toBe(false);
  });

  it('survives an object that never says what it is', async () => {
    await using own = await Interpreter.start();
    await own.execute('const state = 41; class Hostile { get [Symbol.toStringTag]() { for (;;); } }\nconst hostile = new Hostile(); undefined');
    const id = own.ask('inspect', 'hostile');
    // As the host does it. A signal that came before it began would not be meant for it.
    const ladder = setInterval(() => own.interrupt(id, 1), 300);
    try {
      expect((await own.next(({ event }) => event === 'inspection' || event === 'ended')).event).toBe('inspection');
    } finally {
      clearInterval(ladder);
    }
    expect(await own.evaluate('state + 1')).toBe(42);
  });

  it('survives that everything is overridden', async () => {
    await using own = await Interpreter.start();
    await own.execute('const state = { kept: 41 }; for (const of of [Object, Reflect, Array.prototype, String.prototype, RegExp.prototype, Set.prototype, Map.prototype]) for (const key of Reflect.ownKeys(of)) { if (key !== "ownKeys" && key !== "prototype") try { Object.defineProperty(of, key, { value() { throw new Error("pwn") } }) } catch {} }\nundefined');
    expect((await own.complete('state.ke')).matches).toEqual(['kept']);
    expect((await own.inspect('state.kept')).data['text/plain']).toContain('41');
  });

  it('answers before the next execution, which is none the wiser', async () => {
    const before = session.count;
    session.ask('complete', 'poi');
    expect((await session.execute('point.across')).value?.['text/plain']).toBe('3');
    expect(session.count).toBeGreaterThan(before);
  });
});
