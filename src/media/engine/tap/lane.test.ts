// Lane: silence and what comes late keep one side's time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamLane } from './lane.ts';

test('lanes: silence that stood in for what came late is paid back, once', () => {
  const lane = new StreamLane(800);
  lane.pad(320);
  assert.equal(lane.size, 320);
  lane.shift(320);
  const frame = new Int16Array(160).fill(7);
  // While the other side waits, what comes is used.
  lane.push(frame, 160, true);
  assert.equal(lane.size, 160);
  for (let i = 0; i < 3; i++) lane.push(frame, 160, false);
  assert.equal(lane.size, 320, 'two of the three made up for the silence');
});
