// Rich output: what becomes an item, in which representations, and how much of it.
import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { Interpreter, type Answer } from './harness/interpreter';

const PNG = 'new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2])';
const PNG_BASE64 = 'iVBORw0KGgoBAg==';

let shared: Interpreter;

beforeAll(async () => {
  shared = await Interpreter.start();
});

afterAll(async () => {
  await shared[Symbol.asyncDispose]();
});

const run = (code: string): Promise<Answer> => shared.execute(code);

async function runWithin(item_bytes: number, code: string): Promise<Answer> {
  await using interpreter = await Interpreter.start({ limits: { item_bytes } });
  return await interpreter.execute(code);
}

describe('the value of a cell', () => {
  it('is the one primary item', async () => {
    const { items } = await run('display(1); display(2); 3');
    expect(items.map((item) => [item.data['text/plain'], item.primary])).toEqual([['1', undefined], ['2', undefined], ['3', true]]);
  });

  it('is nothing when it is undefined, and an item when it is null', async () => {
    expect((await run('undefined')).items).toEqual([]);
    expect((await run('null')).value).toEqual({ 'text/plain': 'null' });
  });

  const shown: [code: string, text: string][] = [
    ['"it\'s"', `"it's"`],
    ['"plain"', "'plain'"],
    ['[1, [2]]', '[ 1, [ 2 ] ]'],
    ['new Map([[1, 2]])', 'Map(1) { 1 => 2 }'],
    ['-0', '-0'],
    ['Symbol("s")', 'Symbol(s)'],
  ];
  it.each(shown)('%s has no JSON and the text of util.inspect', async (code, text) => {
    expect((await run(code)).value).toEqual({ 'text/plain': text });
  });

  const plain: [code: string, json: unknown][] = [
    ['({ a: [1, "x", null, true, { b: 2 }] })', { a: [1, 'x', null, true, { b: 2 }] }],
    ['Object.assign(Object.create(null), { a: 1 })', { a: 1 }],
    ['({ a: NaN, b: Infinity })', { a: null, b: null }],
    ['({ d: new Date(0) })', { d: '1970-01-01T00:00:00.000Z' }],
    ['({ a: undefined, f() {}, s: Symbol("s"), list: [undefined, () => 1] })', { list: [null, null] }],
    ['({ get a() { throw 1 }, b: 2 })', { b: 2 }],
    ['({ toJSON() { throw 1 }, b: 2 })', { b: 2 }],
    ['const shared = {}; ({ a: shared, b: shared })', { a: {}, b: {} }],
    ['({ "__proto__": 1, ["__proto__"]: 2 })', JSON.parse('{"__proto__": 2}')],
    ['({ "\\ud800": "\\udc00" })', { '\ufffd': '\ufffd' }],
  ];
  it.each(plain)('%s has JSON beside its text', async (code, json) => {
    expect((await run(code)).value?.['application/json']).toEqual(json);
  });

  const withoutJson = [
    '({ a: 1n })', '({ a: new Map() })', '({ a: new (class X { x = 1 }) })', '({ a: new Proxy({}, {}) })', 'const loop: any = {}; loop.loop = loop; loop', 'new (class P { x = 1 })', '[1]', 'Object.create({ inherited: 1 })', '({ a: new Uint8Array(1) })', 'import * as os from "node:os"\nos',
  ];
  it.each(withoutJson)('%s has no JSON', async (code) => {
    const { value, error } = await run(code);
    expect(error).toBeUndefined();
    expect(Object.keys(value!)).toEqual(['text/plain']);
  });

  const large: [what: string, code: string][] = [
    ['20 000 numbers', '({ a: Array.from({ length: 20_000 }, (_, i) => i) })'],
    ['100 000 holes', '({ a: new Array(100_000) })'],
    ['a text of 1.2 MB', '({ a: "x".repeat(1_200_000) })'],
    ['40 levels', 'let deep: any = {}; for (let i = 0; i < 40; i++) deep = { deep }; deep'],
    ['198 levels', 'let deepest: any = {}; for (let i = 0; i < 197; i++) deepest = { deepest }; deepest'],
    ['half a million members', 'Object.fromEntries(Array.from({ length: 500_000 }, (_, i) => [i, i]))'],
  ];
  it.each(large)('of %s has its JSON', async (_what, code) => {
    const { value } = await run(code);
    const copy = await run(`JSON.stringify(_).length === ${JSON.stringify(value?.['application/json']).length}`);
    expect(copy.value?.['text/plain']).toBe('true');
    expect(value?.['text/plain']).not.toContain('left out');
  });

  const cut: [what: string, code: string, why: string][] = [
    ['199 levels', 'let tooDeep: any = {}; for (let i = 0; i < 198; i++) tooDeep = { tooDeep }; tooDeep', 'it nests deeper than 198 levels'],
    ['more than fits', '({ a: "x".repeat(17_000_000) })', 'it is too large'],
    ['the same array a billion times', 'let many: any = {}; for (let i = 0; i < 30; i++) many = { a: many, b: many }; many', 'it is too large'],
    ['an endless array', '({ a: new Array(2 ** 32 - 1) })', 'it is too large'],
  ];
  it.each(cut)('of %s says that its JSON is left out', async (_what, code, why) => {
    const { value, error } = await run(code);
    expect(error).toBeUndefined();
    expect(Object.keys(value!)).toEqual(['text/plain']);
    expect(value!['text/plain'].split('\n').at(-1)).toBe(`[application/json left out: ${why}]`);
  });

  it('is an image when it is the bytes of a PNG', async () => {
    const { value } = await run(PNG);
    expect(value?.['image/png']).toBe(PNG_BASE64);
  });

  it('is kept in _ until the name is used for something else', async () => {
    await using interpreter = await Interpreter.start();
    await interpreter.execute('6 * 7');
    expect(await interpreter.evaluate('_ + 1')).toBe(43);
    await interpreter.execute('const _ = "mine"');
    await interpreter.execute('1');
    expect(await interpreter.evaluate('_')).toBe('mine');
  });
});

describe('display', () => {
  it('shows what the object says of itself, with the value types of the protocol', async () => {
    const { value } = await run(`({ [Symbol.for('Jupyter.display')]: () => ({
      'text/html': '<b>x</b>', 'image/png': ${PNG}, 'image/jpeg': 'AA\\nAA', 'application/json': [1], 'application/vnd.x+json': { a: 1 }, 'text/plain': 5 }) })`);
    expect(value).toEqual({ 'text/html': '<b>x</b>', 'image/png': PNG_BASE64, 'image/jpeg': 'AAAA', 'application/json': [1], 'application/vnd.x+json': { a: 1 }, 'text/plain': '5' });
  });

  it('says in the text which representation has no valid value, and why', async () => {
    const { items } = await run(`const ring: any = {}; ring.ring = ring;
      display({ 'text/plain': 'a', 'image/png': 'no base64!', 'image/jpeg': {}, 'application/json': ring, 'x/y+json': { n: 1n }, 'text/x': {}, 'no type': 'x' }, { raw: true })`);
    expect(items[0]!.data).toEqual({
      'text/plain': ['a', '[image/png left out: it is not base64]', '[image/jpeg left out: it is neither bytes nor base64]',
        '[application/json left out: it contains itself]', '[x/y+json left out: it holds what JSON cannot]', '[text/x left out: it is no text]', '[no type left out: it is no MIME type]'].join('\n'),
    });
  });

  it('shows the value as it is when its display method fails, and says so', async () => {
    const { value, stderr } = await run(`({ a: 1, [Symbol.for('Jupyter.display')]() { throw new Error('no') } })`);
    expect(value?.['text/plain']).toContain('a: 1');
    expect(stderr).toContain('Uncaught Error: no');
  });

  it('takes a bundle as it is with raw', async () => {
    const { items } = await run(`display({ 'text/markdown': '# x' }, { raw: true })`);
    expect(items[0]!.data).toEqual({ 'text/markdown': '# x' });
  });

  it('passes on a display id and an update', async () => {
    const { items } = await run(`display(1, { display_id: 'd' }); display(2, { display_id: 'd', update: true })`);
    expect(items.map(({ display_id, update }) => [display_id, update])).toEqual([['d', undefined], ['d', true]]);
  });

  it('has tagged templates for HTML, Markdown and SVG', async () => {
    const { items } = await run('display(html`<b>${1}</b>`); display(md`# ${2}`); svg`<svg>${3}</svg>`');
    expect(items.map(({ data }) => Object.entries(data)[0])).toEqual([['text/html', '<b>1</b>'], ['text/markdown', '# 2'], ['image/svg+xml', '<svg>3</svg>']]);
  });

  it('keeps its place among what is printed', async () => {
    const { events } = await run('console.log("a"); display(1); console.log("b"); display(2); console.error("c")');
    expect(events.map(({ event, text, data }) => text ?? data?.['text/plain'] ?? event)).toEqual(['a\n', '1', 'b\n', '2', 'c\n', 'done']);
  });

  it('from a timer after the end of its execution shows nothing', async () => {
    await using interpreter = await Interpreter.start();
    await interpreter.execute('globalThis.isLate = false; setTimeout(() => { display("late"); isLate = true }, 1)');
    const { items } = await interpreter.execute('1');
    expect(items.map((item) => item.data['text/plain'])).not.toContain("'late'");
    expect(await interpreter.evaluate('await new Promise<boolean>((r) => { const look = () => isLate ? r(true) : setTimeout(look, 1); look() })')).toBe(true);
  });
});

describe('the budget of an execution', () => {
  it('drops the largest representations until the rest fits', async () => {
    const { items } = await runWithin(1000, `display({ 'text/plain': 'short', 'text/html': 'x'.repeat(5000) }, { raw: true })`);
    expect(items[0]!.data).toEqual({ 'text/plain': 'short\n[output truncated: 5000 bytes dropped]' });
  });

  it('says in a text of its own what it drops of an item without text', async () => {
    const { items } = await runWithin(1000, `display({ 'text/html': 'h', 'image/png': new Uint8Array(3000) }, { raw: true })`);
    expect(items[0]!.data).toEqual({ 'text/html': 'h', 'text/plain': '[output truncated: 4000 bytes dropped]' });
  });

  it('gets back what an update replaces', async () => {
    const { items, error } = await runWithin(50_000, `for (let i = 0; i < 100; i++) display({ 'text/plain': i + ' ' + 'u'.repeat(10_000) }, { raw: true, display_id: 'p', update: i > 0 })`);
    expect(error).toBeUndefined();
    expect(items.length).toBe(100);
    expect(items.at(-1)!.data['text/plain']).toStartWith('99 u');
  });

  it('says how much it drops when nothing fits', async () => {
    const { items } = await runWithin(1000, `display({ 'text/plain': 'x'.repeat(5000) }, { raw: true })`);
    expect(items[0]!.data['text/plain']).toMatch(/^\[output truncated: 50\d\d bytes dropped\]$/);
  });

  it('is for all items of an execution, and new for the next', async () => {
    await using interpreter = await Interpreter.start({ limits: { item_bytes: 1200 } });
    const code = `for (let i = 0; i < 3; i++) display({ 'text/plain': 'x'.repeat(400) }, { raw: true })`;
    for (let round = 0; round < 2; round += 1) {
      const { items } = await interpreter.execute(code);
      expect(items.map(({ data }) => data['text/plain'].length)).toEqual([400, 400, '[output truncated: 402 bytes dropped]'.length]);
    }
  });

  it('bounds what a loop of displays can send', async () => {
    const { items, error } = await runWithin(1000, 'for (let i = 0; i < 50_000; i++) display("x")');
    expect(error).toBeUndefined();
    expect(items.length).toBeLessThan(20);
    const dropped = 50_000 - (items.length - 1);
    expect(items.at(-1)!.data['text/plain']).toBe(`[output truncated: ${dropped * '"\'x\'"'.length} bytes dropped]`);
  });

  it('cuts a value of 200 MB in the driver', async () => {
    await using interpreter = await Interpreter.start();
    const { value } = await interpreter.execute('"q".repeat(200_000_000)');
    expect(value?.['text/plain'].length).toBeLessThan(5_000_000);
    const { items } = await interpreter.execute('display({ "text/plain": "é".repeat(100_000_000) }, { raw: true })');
    expect(items[0]!.data['text/plain']).toMatch(/^\[output truncated: 2000000\d\d bytes dropped\]$/);
    expect(await interpreter.evaluate('1')).toBe(1);
  });
});
