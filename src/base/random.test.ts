// Random and identifiers: shape, spread and bounds.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isSid, newSid, randomHex, randomInt, randomUint32, realRandom, shortId } from './index.ts';
import { seededRandom } from './sim/index.ts';

it('gives fresh bytes, few or many, that nobody shares', () => {
  const random = realRandom();
  const few = random.bytes(16);
  assert.notDeepEqual(few, random.bytes(16));
  few.fill(0);
  assert.ok(random.bytes(16).some((byte) => byte !== 0));
  const many = random.bytes(200_000);
  assert.equal(many.length, 200_000);
  assert.ok(
    many.subarray(199_000).some((byte) => byte !== 0),
    'filled to the end',
  );
  assert.equal(random.bytes(0).length, 0);
});

it('draws numbers in [0, 1), integers below their bound, and 32 bits', () => {
  for (const random of [realRandom(), seededRandom(1)]) {
    const seen = new Set<number>();
    let top = 0;
    for (let i = 0; i < 5000; i++) {
      const value = random.next();
      assert.ok(value >= 0 && value < 1);
      seen.add(randomInt(random, 6));
      const word = randomUint32(random);
      assert.ok(Number.isInteger(word) && word >= 0 && word < 2 ** 32);
      top = Math.max(top, word);
    }
    assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5]);
    assert.ok(top > 2 ** 31, 'the top bit is used, without a sign');
  }
  assert.match(randomHex(seededRandom(1), 20), /^[0-9a-f]{40}$/);
});

it('makes version 4 UUIDs and short ids that do not repeat', () => {
  const random = realRandom();
  const sids = new Set<string>();
  for (let i = 0; i < 2000; i++) {
    const sid = newSid(random);
    assert.match(sid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    sids.add(sid).add(shortId(random));
  }
  assert.equal(sids.size, 4000);
  assert.match(shortId(random), /^[1-9A-HJ-NP-Za-km-z]{22}$/);
  assert.equal(newSid(seededRandom('same')), newSid(seededRandom('same')));
});

it('knows a sid when it sees one', () => {
  assert.ok(isSid('9a4e6d1c-0000-4000-8000-ABCDEF012345'));
  for (const no of [
    '',
    'x',
    '9a4e6d1c00004000800001234567890a',
    '9a4e6d1c-0000-4000-8000-abcdef01234g',
    7,
    null,
    undefined,
  ]) {
    assert.equal(isSid(no), false);
  }
});
