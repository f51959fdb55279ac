// What a session in TypeScript promises to whoever types into it, as a table of cells and the value of the last one.
import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Interpreter, type Answer } from './harness/interpreter';

type Check = (answer: Answer, interpreter: Interpreter) => Promise<void> | void;

// The value, as plain data. The item itself carries JSON for plain objects only.
const value = (wanted: unknown): Check => async (answer, interpreter) => {
  expect(answer.error).toBeUndefined();
  expect(answer.value).toBeDefined();
  expect(await interpreter.evaluate('_')).toEqual(wanted);
};
const text = (part: string): Check => (answer) => {
  expect(answer.error).toBeUndefined();
  expect(answer.value?.['text/plain']).toContain(part);
};
const nothing: Check = (answer) => {
  expect(answer.error).toBeUndefined();
  expect(answer.items).toEqual([]);
};
const fine: Check = (answer) => expect(answer.error).toBeUndefined();
const printed = (wanted: string, errors: string): Check => (answer) => {
  expect([answer.stdout, answer.stderr]).toEqual([wanted, errors]);
};
const error = ({ name, line, part }: { name?: string; line?: number; part?: string }): Check => (answer) => {
  expect(answer.error).toBeDefined();
  if (name) expect(answer.error!.name).toBe(name);
  if (line) expect(/cell_\d+\.ts:(\d+)/.exec(answer.error!.traceback)?.[1]).toBe(String(line));
  if (part) expect(answer.error!.value).toContain(part);
};

const TABLE: [name: string, cells: string[], check: Check][] = [
  ['the value of an expression is shown', ['1+1'], value(2)],
  ['a constant lasts', ['const a1 = 5', 'a1+1'], value(6)],
  ['let and const may be declared again', ['const r1 = 1; let r2 = 2', 'const r1 = 10; let r2 = 20; r1+r2'], value(30)],
  ['a name may change its kind from cell to cell', ['let n1 = 1', 'const n1 = 2', 'class n1 {}', 'function n1(){ return 7 }', 'n1()'], value(7)],
  ['let without a value starts again as undefined', ['let u1 = 5', 'let u1', 'u1 === undefined'], value(true)],
  ['a declaration has no value', ['const d1 = 5'], nothing],
  ['destructuring declares every name', ['const {a: da, b: [db, ...dc], ...dd} = {a:1,b:[2,3,4],z:9}', '[da,db,dc,dd]'], value([1, 2, [3, 4], { z: 9 }])],
  ['functions are hoisted', ['const h = hf(); function hf(){ return 3 }\nh'], value(3)],
  ['an older function calls the newest helper', ['function hh(){return 1}\nfunction mm(){return hh()}', 'function hh(){return 2}', 'mm()'], value(2)],
  ['also when the cell awaits', ['await 0\nfunction ah(){return 1}\nfunction am(){return ah()}', 'function ah(){return 2}', 'am()'], value(2)],
  ['classes have private, static and computed members', ['class K { #p = 2; static s = 3; get q(){ return this.#p + K.s } }', 'new K().q'], value(5)],
  ['await works at the top', ['await Promise.resolve(42)'], value(42)],
  ['what an awaiting cell declares lasts', ['const aw = await new Promise<number>(r => setTimeout(() => r(8), 5))', 'aw'], value(8)],
  ['a variable without a value is undefined again also when the cell awaits', ['let au = 1', 'let au: number | undefined, av = 2\nawait 0', '[typeof au, av]'], value(['undefined', 2])],
  ['a variable declared without a value takes one after an await', ['let ay: number;\ntry { ay = await Promise.resolve(3) } catch (e) { ay = 0 }', 'ay'], value(3)],
  ['an await needs no semicolon above it', ['const al = []\nal.push(1)\nawait al.push(2)\nawait al.push(0) || al.push(3)\nif (al) { al.push(4)\nawait al.push(5) }', 'al'], value([1, 2, 0, 4, 5])],
  ['a function and an import end the line above them', ['const fl = [1]\nconst [fm] = fl\nfl.at\nfunction fe() {}\n(fl.push(2))\nfl.at\nimport "node:fs"\n[fm].map((x) => fl.push(x))\nawait 0', 'fl'], value([1, 2, 1])],
  ['no blank is needed behind an import or a function', ['import { sep as ns } from "node:path";[ns].at(0)', 'function nf() { return ns }await 0;function ng() { return nf() }[await ng()]'], value(['/'])],
  ['what is awaited may begin on a later line', ['const ln = await // soon\n  Promise.resolve(6)', 'ln'], value(6)],
  ['await works in a default of a pattern', ['const {x: ad = await Promise.resolve(4)} = {}', 'ad'], value(4)],
  ['for await works with an async generator', ['async function* ag(){ yield 1; yield 2 }\nconst got: number[] = []\nfor await (const v of ag()) got.push(v)\ngot'], value([1, 2])],
  ['generators work', ['function* g3(){ yield* [1,2,3] }', '[...g3()]'], value([1, 2, 3])],
  ['var in a loop that awaits is global', ['for (var vi = 0; vi < 3; vi++) { await 0 }', 'vi'], value(3)],
  ['default, named and namespace imports work', ["import fs1, { existsSync as ex } from 'node:fs'\nimport * as p1 from 'node:path'", "[typeof fs1.readFileSync, ex('/'), p1.join('a','b')]"], value(['function', true, 'a/b'])],
  ['a local TypeScript file can be imported, with a type', ["import dflt, { T as LT, type Foo } from './lib.ts'\nconst q9: Foo = {a:1}", '[dflt(), LT]'], value(['D', 41])],
  ['an import that the cell does not use is there for the next one', ["import { sep } from 'node:path'", 'sep'], value('/')],
  ['an import of types is only erased', ["import type { Foo } from './nope'\n1"], value(1)],
  ['a type can be imported as if it were a value', ["import { Foo as IF, T as IT } from './lib.ts'\nconst iv: IF = { a: IT }\niv"], value({ a: 41 })],
  ['JSON can be imported', ["import dj from './data.json' with { type: 'json' }", 'dj.k'], value([1, 2])],
  ['import() works', ["const dm = await import('node:os'); typeof dm.cpus"], value('function')],
  ['import() in a function is relative to the working directory', ["async function li(){ return (await import('./lib.ts')).T }", 'await li()'], value(41)],
  ['require works', ["require('fs').existsSync('/')"], value(true)],
  ['import x = require() works', ["import pq = require('node:path')", 'pq.sep'], value('/')],
  ['import.meta.url is a string', ['typeof import.meta.url'], value('string')],
  ['a cell is what was started', ['[require.main === module, import.meta.main]'], value([true, true])],
  ['__dirname and __filename are the place of the cell', ['[__dirname === import.meta.dirname, __filename === import.meta.filename]'], value([true, true])],
  ['__dirname can be given another value', ["import { sep } from 'node:path'\n__dirname = sep + 'elsewhere'", '[__dirname, __filename === import.meta.filename]'], value(['/elsewhere', true])],
  ['a cell may have its own __dirname', ["import { dirname } from 'node:path'\nconst __filename = '/tmp/x.ts'\nconst __dirname = dirname(__filename)", '__dirname'], value('/tmp')],
  ['exports are plain declarations', ['export const ec = 1; export function ef(){ return 2 }\nexport default class EK {}\nexport { ec as zz }', '[ec, ef(), typeof EK]'], value([1, 2, 'function'])],
  ['a default export is the value of the cell', ['export default { a: 1 }'], value({ a: 1 })],
  ['a cell of types has no value', ['interface I1 { a: number }\ntype T1 = I1 | string'], nothing],
  ['f<T>(x) is a call', ['function idn<T>(x: T): T { return x }', 'idn<number>(5)'], value(5)],
  ['as, satisfies and ! are erased', ['const sx = ({a:1} as any) satisfies object; sx!.a'], value(1)],
  ['enums work', ['enum E1 { A, B = "b" }\nconst enum CE1 { Z = 4 }', '[E1.A, E1.B, CE1.Z]'], value([0, 'b', 4])],
  ['an enum that is declared again is a new one', ['let E2 = "text"', 'enum E2 { A, B }', 'enum E2 { B }\nenum E2 { C = 3 }\nawait 0', 'E2'], value({ 0: 'B', 3: 'C', B: 0, C: 3 })],
  ['namespaces work', ['namespace N1 { export const q = 3; export function f(){ return q } }', 'N1.f()'], value(3)],
  ['abstract classes and parameter properties work', ['abstract class AB { constructor(protected readonly v: number) {} abstract f(): number }\nclass AC extends AB { f(){ return this.v } }', 'new AC(6).f()'], value(6)],
  ['standard decorators work', ['function dec(v: any, c: ClassMethodDecoratorContext){ return function(this: any){ return v.call(this) + 1 } }\nclass DC { @dec m(){ return 1 } }', 'new DC().m()'], value(2)],
  ['a cell with decorators and a var in a block has a value', ['const tag = (c: any) => c\n@tag class DV { x = 1 }\nfor (var dv = 0; dv < 2; dv++) {}\nnew DV().x + dv'], value(3)],
  ['a cell with decorators that ends with a declaration has no value', ['const tagged = (c: any) => c\n@tagged class DW {}\n5\nlet dw'], nothing],
  ['using disposes at the end of its block', ['let dsp = 0\n{ using r = { [Symbol.dispose](){ dsp++ } } }\ndsp'], value(1)],
  ['using at the top disposes at the end of the cell', ['var dt = 0\nusing rr = { v: 5, [Symbol.dispose](){ dt++ } }\nconst seen = rr.v', '[seen, dt]'], value([5, 1])],
  ['{a: 1} is an object', ['{a:1}'], value({ a: 1 })],
  ['also below a comment', ['// a note\n/* and\nmore */ {a:1, b:2}'], value({ a: 1, b: 2 })],
  ['an object may span lines', ['const ob = 2', '{\n  a: 1,\n  ob\n}'], value({ a: 1, ob: 2 })],
  ['a block is a block', ['{ let z = 1; z + 1; }'], fine],
  ['a block without a last semicolon is a block', ['{ const z = 1; z }'], fine],
  ['a cell may end in a labelled loop', ['lbl: for (let i = 0; i < 3; i++) { for (;;) { continue lbl } }'], fine],
  ['a cell may end in other statements', ['if (true) { 5 } else { 6 }\ntry { 1 } catch {}\nswitch (1) { case 1: 2 }'], fine],
  ['regular expressions in templates work', ['`a${/[a-z]+/.exec("12ab")![0]}b`'], value('aabb')],
  ['a template keeps its lines', ['const t = `x\n  y: ${1 as number}\n`; t'], value('x\n  y: 1\n')],
  ['comments and empty cells have no value', ['// nothing', '/* x */', ''], nothing],
  ['a syntax error names its line', ['const ok = 1\nlet b = = 3'], error({ name: 'SyntaxError', line: 2 })],
  ['a name that is declared twice is wrong the second time', ['let sy = 1\nfoo(2)\nlet sy = 2'], error({ name: 'SyntaxError', line: 3 })],
  ['an object that is not closed is wrong where it goes on', ['({a: 1\n b: 2})'], error({ name: 'SyntaxError', line: 2 })],
  ['an error below erased types names its line', ['interface Q {\n  a: number\n}\n\nfunction boom(q: Q): never {\n  throw new RangeError("bad")\n}\nboom({a:1})'], error({ name: 'RangeError', line: 6, part: 'bad' })],
  ['an error after an await names its line', ['type X = string\nawait 0\nconst u: any = null\n\nu.foo'], error({ name: 'TypeError', line: 5 })],
  ['an error in a function of an older cell names its line there', ['function late(){\n\n  undefinedThing()\n}', '1\nlate()'], error({ name: 'ReferenceError', line: 3 })],
  ['anything can be thrown', ['throw {code: 7}'], error({ name: 'Uncaught', part: '7' })],
  ['return at the top gives the value', ['return 5'], value(5)],
  ['"use strict" is obeyed', ['"use strict"; const us = (function(){ return this === undefined })(); us'], value(true)],
  ['a cell of one string has it as its value', ['"abc"'], value('abc')],
  ['the global crypto can be shadowed', ["const crypto = require('crypto'); typeof crypto.createHash"], value('function')],
  ['other globals can be shadowed', ['const fetch = 1, performance = 2, navigator = 3', '[fetch,performance,navigator]'], value([1, 2, 3])],
  ['what ran before a throw stays', ['const m1 = 1\nfunction mf(){ return 2 }\nthrow 1', 'const m2 = 2', '[m1, mf(), m2]'], value([1, 2, 2])],
  ['a function below a throw stays', ['throw 1\nfunction pf(){ return 9 }', 'pf()'], value(9)],
  ['this is the global object', ['this === globalThis'], value(true)],
  ['a BigInt is shown', ['2n ** 70n'], text('1180591620717411303424n')],
  ['a Map and a Set are shown', ['new Map<any,any>([["a",{b:new Set([1])}]])'], text('Map')],
  ['a circular object is shown', ['const ci: any = {n:1}; ci.self = ci; ci'], text('Circular')],
  ['a typed array is shown', ['new Uint8Array([1,2,3])'], text('1, 2, 3')],
  ['a promise that is not awaited is shown as one', ['Promise.resolve(5)'], text('Promise')],
  ['symbols, functions and classes are shown', ['[Symbol("s"), (a) => a, class Z {}]'], text('Symbol(s)')],
  ['a proxy whose traps throw does no harm', ['new Proxy({}, { get(){ throw new Error("trap") }, ownKeys(){ throw new Error("trap2") } })'], fine],
  ['an error as a value is shown', ['new TypeError("asval")'], text('asval')],
  ['a getter that throws does no harm', ['({ get x(){ throw new Error("g") }, y: 1 })'], text('y: 1')],
  ['console and process.stdout print in order', ['console.log("a"); process.stdout.write("b\\n"); console.error("c"); console.log("%s-%d", "x", 5)'], printed('a\nb\nx-5\n', 'c\n')],
  ['JSX calls React.createElement', ['const React = { createElement: (t: any, p: any, ...c: any[]) => ({ t, c }) }', '(<div>hi</div>).t'], value('div')],
];

describe('a session', () => {
  let interpreter: Interpreter;

  beforeAll(async () => {
    interpreter = await Interpreter.start();
    await writeFile(
      join(interpreter.home, 'lib.ts'),
      "export interface Foo { a: number }\nexport const T: number = 41\nexport default function (): string { return 'D' }\n",
    );
    await writeFile(join(interpreter.home, 'data.json'), '{"k": [1, 2]}');
  });

  afterAll(async () => {
    await interpreter[Symbol.asyncDispose]();
  });

  it.each(TABLE)('%s', async (_name, cells, check) => {
    let answer: Answer | undefined;
    for (const code of cells) answer = await interpreter.execute(code);
    await check(answer!, interpreter);
  });
});

it('a new session knows nothing of what its driver did to warm up', async () => {
  await using interpreter = await Interpreter.start();
  expect(await interpreter.evaluate('[typeof a, typeof b, typeof c, typeof f, typeof _]')).toEqual(Array(5).fill('undefined'));
});
