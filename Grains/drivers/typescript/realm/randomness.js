// Where the engine takes the seed of `Math.random` from, for every realm and worker that is made: a stream of ARC4, which it
// seeds anew when enough has been taken. All forks would go on with the same one, and nothing that can be called says so to it.
'use strict';

const fs = require('node:fs');
const { toArrayBuffer } = require('bun:ffi');

const VALUES = 256;
const MOST_BYTES_LEFT = 1_600_000;

// Whoever takes the next number makes the engine ask the kernel first. Throws where the stream is not as we know it.
module.exports = function forgetRandomness() {
  const found = variablesOfBun().flatMap(findStreams);
  if (found.length !== 1) throw new Error(`${found.length} streams of random numbers in place of one`);
  found[0].setInt32(0, 0, true);
};

// The memory of the program's variables that begin as zero: what follows its last mapped part without a gap.
function variablesOfBun() {
  const mappings = fs.readFileSync('/proc/self/maps', 'utf8').trimEnd().split('\n').map(parse);
  const last = mappings.findLastIndex(({ name }) => name === process.execPath);
  return mappings.slice(last + 1, last + 2).map(({ start, end }) => new DataView(toArrayBuffer(start, 0, end - start)));
}

function parse(line) {
  const [range, , , , , name] = line.split(/\s+/);
  const [start, end] = range.split('-').map((address) => parseInt(address, 16));
  return { start, end, name };
}

// The counters of bytes left behind each run of 256 bytes that are all different, as the state of ARC4 is. By chance the run
// one byte before it or after it is such a run, too: the counter is the same.
function findStreams(memory) {
  const found = [];
  const times = new Uint32Array(VALUES);
  let different = 0;
  for (let end = 0; end < memory.byteLength; end += 1) {
    if (times[memory.getUint8(end)]++ === 0) different += 1;
    if (end >= VALUES && --times[memory.getUint8(end - VALUES)] === 0) different -= 1;
    if (different < VALUES) continue;
    const counter = Math.ceil((end + 1) / 4) * 4;
    if (counter === found.at(-1)?.byteOffset) continue;
    const left = memory.getInt32(counter, true);
    if (left > 0 && left <= MOST_BYTES_LEFT) found.push(new DataView(memory.buffer, counter, 4));
  }
  return found;
}

module.exports.findStreams = findStreams;
