// The codec against the fixtures that all languages share.
import { describe, expect, it } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FrameReader, createFrameEncoder, toJson } from '../../../Grains/drivers/typescript/protocol/frames.js';
import { checkRequest } from '../../../Grains/drivers/typescript/protocol/requests.js';
import { FIXTURES } from './harness/interpreter';

type FrameCase = { name: string; hex: string; frames: object[]; left?: number; fault?: boolean };
type RequestCase = { name: string; frame: { op: string } };
type EventCase = { name: string; frame: object; accepted: boolean };

const fixture = (file: string) => JSON.parse(readFileSync(join(FIXTURES, file), 'utf8'));
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const natives = {
  decodeStrictly: (bytes: Uint8Array) => decoder.decode(bytes),
  encodeInto: (text: string, bytes: Uint8Array) => new TextEncoder().encodeInto(text, bytes),
  byteLength: (text: string) => Buffer.byteLength(text),
};
const encodeJson = createFrameEncoder(natives);
const encode = (frame: object) => encodeJson(toJson(frame));

function readAll(chunks: Uint8Array[]) {
  const reader = new FrameReader(natives);
  const frames: object[] = [];
  let isFaulty = false;
  try {
    for (const chunk of chunks) {
      reader.push(chunk);
      for (let frame = reader.next(); frame; frame = reader.next()) frames.push(frame);
    }
  } catch {
    isFaulty = true;
  }
  return { frames, isFaulty, left: reader.bufferedBytes };
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('the frame reader', () => {
  const cases: FrameCase[] = fixture('frames.json').cases;

  it.each(cases.map((item) => [item.name, item] as const))('reads %s', (_name, { hex, frames, left, fault }) => {
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
    const whole = readAll([bytes]);
    expect(plain(whole.frames)).toEqual(frames);
    expect(whole.isFaulty).toBe(fault ?? false);
    if (!fault) expect(whole.left).toBe(left ?? 0);
  });

  it.each(cases.map((item) => [item.name, item] as const))('reads %s byte by byte', (_name, { hex, frames, fault }) => {
    const bytes = Buffer.from(hex, 'hex');
    const result = readAll(Array.from(bytes, (byte) => new Uint8Array([byte])));
    expect(plain(result.frames)).toEqual(frames);
    expect(result.isFaulty).toBe(fault ?? false);
  });
});

describe('the frame writer', () => {
  const frames: object[] = [...fixture('requests.json').cases, ...fixture('files.json').cases, ...fixture('driver-events.json').cases.filter((item: EventCase) => item.accepted)].map(({ frame }) => frame);

  it.each(frames.map((frame) => [JSON.stringify(frame), frame] as const))('carries %s unchanged', (_text, frame) => {
    expect(plain(readAll([encode(frame)]).frames)).toEqual([frame]);
  });

  it('carries a large frame', () => {
    const frame = { text: 'é😀'.repeat(500_000) };
    expect(readAll([encode(frame)]).frames).toEqual([frame]);
  });

  it('puts U+FFFD in the place of lone surrogates, in values and names', () => {
    const frame = { '\ud800': ['a\udc00', '\\ud800', '😀'] };
    expect(readAll([encode(frame)]).frames).toEqual([{ '\ufffd': ['a\ufffd', '\\ud800', '😀'] }]);
  });

  it('puts null in the place of numbers that JSON does not have', () => {
    expect(readAll([encode({ a: [NaN, Infinity] })]).frames).toEqual([{ a: [null, null] }]);
  });

  it('refuses a frame that is too long', () => {
    expect(() => encode({ text: 'x'.repeat(32 * 1024 * 1024) })).toThrow();
  });
});

describe('requests', () => {
  // The first frame of a connection is the launcher's, and never gets here.
  const ofTheLauncher = new Set(['open', 'enter', 'files']);
  const cases: RequestCase[] = fixture('requests.json').cases.filter((item: RequestCase) => !ofTheLauncher.has(item.frame.op));

  it.each(cases.map((item) => [item.name, item.frame] as const))('"%s" is one', (_name, frame) => {
    expect(checkRequest(frame)).toBe(frame);
  });

  const refused: [string, object][] = [
    ['no op', {}],
    ['an unknown op', { op: 'reboot' }],
    ['an op of Object.prototype', { op: 'toString' }],
    ['start without limits', { op: 'start', env: {} }],
    ['start in a directory that is not below the home', { op: 'start', limits: { stream_bytes: 1, item_bytes: 1 }, env: {}, cwd: 'a/../..' }],
    ['start in a directory that is no text', { op: 'start', limits: { stream_bytes: 1, item_bytes: 1 }, env: {}, cwd: 1 }],
    ['execute without code', { op: 'execute', id: 'e1', count: 1, env: {} }],
    ['execute with an id that is none', { op: 'execute', id: 'a b', count: 1, code: '', env: {} }],
    ['execute with an env of numbers', { op: 'execute', id: 'e1', count: 1, code: '', env: { A: 1 } }],
    ['interrupt on a third rung', { op: 'interrupt', id: 'e1', rung: 3 }],
  ];
  it.each(refused)('%s is none', (_name, frame) => {
    expect(() => checkRequest(frame)).toThrow();
  });
});
