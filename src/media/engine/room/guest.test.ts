// A room's guest after a stall: what is recorded keeps its time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryFiles, VirtualClock } from '../../../base/sim/index.ts';
import type { EngineWorld } from '../world.ts';
import { Guest } from './guest.ts';
import type { Member } from './member.ts';
import { RoomRecordings } from './room-recordings.ts';

test('a room’s recording is as long as the time it took, when the worker was held up too', async () => {
  const clock = new VirtualClock();
  const recordings = new MemoryFiles();
  const pacer = { join: () => ({ leave: () => {} }) };
  const world = { clock, recordings, pacer } as unknown as EngineWorld;
  const member = { say: () => {}, hear: () => undefined } as unknown as Member;
  let guest: Guest | undefined;
  let durationMs: number | undefined;
  const room = new RoomRecordings({
    room: 'r',
    world,
    notify: (name, body) => {
      if (name === 'recorded') durationMs = (body as { end: { durationMs: number } }).end.durationMs;
    },
    invite: (sampleRate, onBroken) => {
      guest = new Guest({ id: 'g', world, member, sampleRate, slotOf: () => 0, onClosed: () => {}, onBroken });
      return guest;
    },
  });
  const options = { path: 'r.wav', format: 'wav', mix: 'mixed', sampleRate: 8000 } as const;
  room.begin({ recording: 1, options, state: 'run' });
  await clock.runFor(1);
  for (let i = 0; i < 50; i++) {
    guest!.onHearing(i * 20, i === 25 ? 1000 : 0);
    guest!.onFrame(i * 20);
  }
  await clock.settle(room.close() ?? Promise.resolve());
  assert.equal(durationMs, 2000);
});
