// A cell becomes scripts whose lines are those of the user. These tests need no process: they run the transform itself, loaded as
// the driver loads it.
import { describe, expect, it } from 'bun:test';
import { resolve } from 'node:path';

const DRIVER = resolve(import.meta.dir, '../../../Grains/drivers/typescript');
const captureHost = require(`${DRIVER}/realm/host.js`);
const load = require(`${DRIVER}/realm/load.js`);
const { transformCell } = load(DRIVER, 'transform/cell.js', captureHost());

const lines = (text: string) => text.split('\n').map((line) => line.trim());
const lineOf = (text: string, part: string) => text.split('\n').findIndex((line) => line.includes(part)) + 1;

describe('the lines of a cell', () => {
  const cells: [name: string, source: string][] = [
    ['plain code', 'a()\n\nlet MARK = 1\n'],
    ['types that are erased', 'interface A {\n  x: number\n}\n\ntype B = A &\n  { y: string }\n\nconst MARK: A = { x: 1 }'],
    ['annotations over several lines', 'function f(\n  a: number,\n  b: Map<\n    string,\n    number\n  >,\n): void {\n  MARK()\n}'],
    ['a class with erased members', 'abstract class A {\n  private declare x: number;\n  abstract f(): void;\n  constructor(\n    private readonly y: number,\n  ) {\n    MARK();\n  }\n}'],
    ['an enum above', 'enum E {\n  A,\n  B = 5,\n  C\n}\nMARK()'],
    ['a namespace', 'namespace N {\n  export const a = 1;\n\n  export function f() {\n    return MARK;\n  }\n}'],
    ['comments', '// one\n/* two\nthree */ const a: number = 1 // four\n// five\nMARK()'],
    ['templates over several lines', 'const t: string = `a\n  ${1 as number}\n\n  b`\nMARK(`\n`)'],
    ['generic calls', 'f<\n  number\n>(1)\nMARK()'],
    ['imports', 'import { a } from "x"\nimport type { B } from "y"\nimport c, * as d from "z"\nMARK(a)'],
    ['exports', 'export const a: number = 1\nexport default function f() {}\nexport { a as b }\nMARK()'],
    ['exports over several lines', 'export\nconst a = 1\nexport default\nb // c\n;[a]\nexport\n\nfunction f() {}\nMARK()'],
    ['an await', 'const a: number = await b\n\nfunction f() {\n  return 1\n}\nMARK()'],
    ['JSX', 'const a = (\n  <div\n    id="x"\n  >\n    {x}\n  </div>\n)\nMARK()'],
    ['an object', '{\n  a: 1 as number,\n\n  b: MARK\n}'],
    ['long chains', 'const r: number[] = [1]\n  .map((x: number) => x)\n  .filter((x) =>\n    MARK(x))\n'],
    ['a return whose value starts below', 'function f(x: any) {\n  return (\n    MARK\n  )\n}'],
    ['carriage returns', 'const a: number = 1\r\n\r\nMARK()\r\n'],
  ];
  it.each(cells)('stay with %s', (_name, source) => {
    const { code, hoisted } = transformCell(source);
    const at = [code, hoisted ?? ''].map((text) => lineOf(text, 'MARK')).find((line) => line > 0);
    expect(at).toBe(lineOf(source, 'MARK'));
  });

  it('and the columns stay where nothing is put in', () => {
    const { code, columnOffset } = transformCell('const a = b.c; d.e');
    expect([code.indexOf('b.c'), code.indexOf('d.e'), columnOffset]).toEqual([10, 15, 0]);
  });

  it('and the columns of the first line are right in a wrapper', () => {
    const source = 'let a = 1; await b; c';
    const { code, columnOffset } = transformCell(source);
    expect(code.indexOf('a ') + columnOffset).toBe(source.indexOf('a '));
  });
});

describe('the plan of a cell', () => {
  const modes: [source: string, mode: string][] = [
    ['1', 'script'],
    ['return 1', 'function'],
    ['using a = b', 'function'],
    ['{ using a = b }', 'script'],
    ['await 1', 'coroutine'],
    ['if (a) { await 1 }', 'coroutine'],
    ['async () => { await 1 }', 'script'],
    ['class A { async f() { await 1 } }', 'script'],
    ['for await (const a of b);', 'async'],
    ['await using a = b', 'async'],
    ['{ a: await b }', 'coroutine'],
  ];
  it.each(modes)('%s is run as a %s', (source, mode) => {
    expect(transformCell(source).mode).toBe(mode);
  });

  const names: [source: string, names: string[]][] = [
    ['let a = 1, b; const [c, { d, e: f = 1, ...g }, ...h] = i', ['a', 'b', 'c', 'd', 'f', 'g', 'h']],
    ['class A {}; function f() { var inner }; enum E { X }', ['A', 'f', 'E']],
    ['for (var i = 0;;) { var j; let k }', ['i', 'j']],
    ['import a, { b as c } from "x"; import * as d from "y"', ['a', 'c', 'd']],
    ['export const a = 1; export default class B {}', ['a', 'B']],
    ['{ let a = 1 }', []],
  ];
  it.each(names)('%s declares its names', (source, expected) => {
    expect(transformCell(source).names.toSorted()).toEqual(expected.toSorted());
  });

  it('keeps functions apart that a waiting cell declares', () => {
    const { code, hoisted } = transformCell('await 0\nfunction f() { return import.meta }\nf()');
    expect(lines(hoisted)).toEqual(['', 'function f() { return __interpreter__.meta }', '']);
    expect(code).not.toContain('function f');
  });

  it('takes imports out, with their attributes', () => {
    const { imports, code } = transformCell('import a, { b as c } from "x" with { type: "json" }\nc');
    expect(JSON.parse(JSON.stringify(imports))).toEqual([{ specifier: 'x', named: [['default', 'a'], ['b', 'c']], attributes: { type: 'json' } }]);
    expect(code).not.toContain('import');
  });

  const statements: [name: string, source: string][] = [
    ['a declaration below a line without semicolon', 'foo\nlet x = 1\nawait 0'],
    ['a pattern below a line without semicolon', 'foo\nlet [x] = [1]\nawait 0'],
    ['a declaration without braces', 'if (a) var x = 1\nelse var y = 2\nawait 0'],
    ['a loop over a pattern', 'for (var [x] of y) { await x }'],
    ['a sequence at the end', 'await 0, 1'],
    ['declarations without values', 'let a\nlet b, c = 1, d: number;\na = b = d = c\nawait a'],
    ['an await at the end of a declaration', 'let x = await y'],
    ['awaits in awaits', 'let x = 1 + await f(await y) * 2'],
    ['an await in a template', '`${await x} ${(await y).z}`'],
    ['an await in a class', 'class A extends (await b) { [await c]() {} }'],
    ['a return within blocks', 'for (;;) { if (await a) return { b: 1 } }'],
    ['a default export at the end', 'export default await a'],
    ['a default export of a function', 'await 0\nexport default function () {}'],
    ['semicolons of every kind', ';;await 0;;'],
    ['an arrow at the end', 'await 0;\n(a) => a'],
    ['a directive', '"use strict"\nawait 0'],
    ['comparisons that look like type arguments', 'a < b && c > (d)'],
    ['shifts', 'a << b >>> (c)'],
    ['a hash bang', '#!/usr/bin/env bun\nawait 0'],
  ];
  it.each(statements)('compiles %s', (_name, source) => {
    const { code, hoisted } = transformCell(source);
    for (const text of [code, hoisted ?? '']) expect(() => new Function(`return ${text.startsWith('(') ? text : `() => {${text}}`}`)).not.toThrow();
  });
});
