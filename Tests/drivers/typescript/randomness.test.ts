// How the engine's stream of random numbers is found in memory: as it lies there, whatever values it has.
import { describe, expect, it } from 'bun:test';
import { findStreams } from '../../../Grains/drivers/typescript/realm/randomness.js';

const START = 8;
const COUNTER = 268;
const LEFT = 1_599_949;

// Of ARC4: a lock, two indices, the state; then a gap, and the counter.
function memoryOf(state: number[], index: number): DataView {
  const memory = new DataView(new ArrayBuffer(4096));
  memory.setUint8(START + 2, index);
  state.forEach((value, at) => memory.setUint8(START + 3 + at, value));
  memory.setInt32(COUNTER, LEFT, true);
  return memory;
}

const places = (memory: DataView) => findStreams(memory).map(({ byteOffset }) => byteOffset);
const descending = Array.from({ length: 256 }, (_, at) => 255 - at);
const ascending = descending.toReversed();

describe('the stream of random numbers', () => {
  it('is found by its state', () => {
    expect(places(memoryOf(descending, 7))).toEqual([COUNTER]);
  });

  it('is one stream when its state begins as the gap behind it', () => {
    expect(places(memoryOf(ascending, 7))).toEqual([COUNTER]);
  });

  it('is one stream when its state ends as the index before it', () => {
    expect(places(memoryOf(descending, 0))).toEqual([COUNTER]);
  });

  it('is not found where there is no counter behind it', () => {
    const memory = memoryOf(descending, 7);
    memory.setInt32(COUNTER, 0, true);
    expect(places(memory)).toEqual([]);
  });
});
