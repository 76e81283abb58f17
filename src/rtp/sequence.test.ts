// Tests of sequence numbers: wrap, loss, reordering, jumps and probation (RFC 3550 A.1).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SequenceTracker, sequenceDistance, timestampDistance } from './sequence.ts';

const trusted = (): SequenceTracker => new SequenceTracker({ probation: 0 });
const feed = (t: SequenceTracker, ...numbers: number[]): string[] => numbers.map((n) => t.update(n));

test('distances are signed and wrap', () => {
  assert.equal(sequenceDistance(2, 65_534), 4);
  assert.equal(sequenceDistance(65_534, 2), -4);
  assert.equal(timestampDistance(100, 2 ** 32 - 60), 160);
  assert.equal(timestampDistance(2 ** 32 - 60, 100), -160);
});

test('numbers are extended over a wrap, and late ones before it belong to the cycle before', () => {
  const t = trusted();
  assert.deepEqual(feed(t, 65_534, 65_535, 0, 1), ['next', 'next', 'next', 'next']);
  assert.equal(t.highest, 65_537);
  assert.equal(t.extend(65_533), 65_533);
  assert.equal(t.expected, 4);
  assert.equal(t.lost, 0);
});

test('a gap is loss until the late packets come; duplicates count against it', () => {
  const t = trusted();
  feed(t, 10, 11, 15);
  assert.equal(t.lost, 3);
  assert.deepEqual(feed(t, 13, 12), ['late', 'late']);
  assert.equal(t.lost, 1);
  feed(t, 15, 15);
  assert.equal(t.lost, -1);
});

test('one stray packet is suspect and changes nothing; a second one in sequence is a restart', () => {
  const t = trusted();
  feed(t, 100, 101, 102);
  assert.deepEqual(feed(t, 40_000, 103), ['suspect', 'next']);
  assert.equal(t.highest, 103);
  assert.deepEqual(feed(t, 40_000, 40_001, 40_002), ['suspect', 'restart', 'next']);
  assert.equal(t.received, 2);
  assert.equal(t.expected, 2);
  assert.equal(t.lost, 0);
});

test('a drop back by less than the misorder limit is late, by more a jump', () => {
  const t = trusted();
  feed(t, 1000);
  assert.deepEqual(feed(t, 901, 900), ['late', 'suspect']);
});

test('an unproven source needs two packets in sequence', () => {
  const t = new SequenceTracker();
  assert.deepEqual(feed(t, 5, 90), ['probation', 'probation']);
  assert.equal(t.valid, false);
  assert.equal(t.expected, 0);
  assert.deepEqual(feed(t, 91, 92), ['next', 'next']);
  assert.equal(t.received, 2);
  assert.equal(t.lost, 0);
});

test('reset forgets', () => {
  const t = trusted();
  feed(t, 1, 2, 9);
  t.reset();
  assert.equal(t.received, 0);
  assert.deepEqual(feed(t, 30_000), ['next']);
  assert.equal(t.expected, 1);
});
