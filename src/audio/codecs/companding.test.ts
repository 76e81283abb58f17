// G.711 against the values of the ITU tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pcma } from './pcma.ts';
import { pcmu } from './pcmu.ts';

const encode = (codec: typeof pcmu, sample: number): number => {
  const out = new Uint8Array(1);
  codec.makeEncoder().encode(Int16Array.of(sample), out);
  return out[0]!;
};
const decode = (codec: typeof pcmu, code: number): number => {
  const out = new Int16Array(1);
  codec.makeDecoder().decode(Uint8Array.of(code), out);
  return out[0]!;
};

test('mu-law: the ends of the range, zero and the segment borders (G.711 table 2)', () => {
  // Decision values of the table are in 14 bits; ours are four times that.
  assert.deepEqual(
    [0xff, 0x7f, 0x80, 0x00, 0xef, 0x8f].map((code) => decode(pcmu, code)),
    [0, 0, 32_124, -32_124, 132, 16_764],
  );
  assert.equal(encode(pcmu, 0), 0xff);
  assert.equal(encode(pcmu, 32_767), 0x80);
  assert.equal(encode(pcmu, -32_768), 0x00);
});

test('A-law: the ends of the range and the steps next to zero (G.711 table 1)', () => {
  assert.deepEqual(
    [0xd5, 0x55, 0xaa, 0x2a].map((code) => decode(pcma, code)),
    [8, -8, 32_256, -32_256],
  );
  assert.equal(encode(pcma, 1), 0xd5);
  assert.equal(encode(pcma, -1), 0x55);
  assert.equal(encode(pcma, 32_767), 0xaa);
  assert.equal(encode(pcma, -32_768), 0x2a);
});

for (const codec of [pcmu, pcma]) {
  test(`${codec.name}: each code encodes back to itself, and each sample takes its nearest code`, () => {
    const values = Array.from({ length: 256 }, (_, code) => decode(codec, code));
    for (let code = 0; code < 256; code++) {
      // mu-law has two zeros.
      const back = encode(codec, values[code]!);
      assert.equal(values[back], values[code]);
    }
    for (let sample = -32_768; sample < 32_768; sample += 7) {
      const taken = Math.abs(values[encode(codec, sample)]! - sample);
      const nearest = Math.min(...values.map((v) => Math.abs(v - sample)));
      assert.equal(taken, nearest, `sample ${sample}`);
    }
  });
}
