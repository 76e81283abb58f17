// Who takes a leg's audio and throws harms itself, not the leg.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TapMix } from '../../tap-types.ts';
import type { EarListener } from '../ear.ts';
import type { MouthListener } from '../mouth.ts';
import { Tap } from './tap.ts';

for (const mix of ['mono', 'mixed', 'stereo'] satisfies TapMix[])
  test(`${mix}: audio that cannot be taken closes the tap and is told once`, () => {
    const ears = new Set<EarListener>();
    const mouths = new Set<MouthListener>();
    const faults: unknown[] = [];
    const wrong = new Error('no room');
    const listenTo = <L>(set: Set<L>) => ({
      listen: (listener: L) => {
        set.add(listener);
        return () => void set.delete(listener);
      },
    });
    const tap = new Tap({
      ear: listenTo(ears),
      mouth: listenTo(mouths),
      mix,
      sampleRate: 8_000,
      state: 'run',
      onAudio: () => {
        throw wrong;
      },
      onFault: (error) => faults.push(error),
    });
    const frame = new Int16Array(160);
    for (let i = 0; i < 3; i++) {
      for (const ear of [...ears]) ear(frame, 8_000);
      for (const mouth of [...mouths]) mouth(frame, 8_000);
    }
    assert.deepEqual(faults, [wrong]);
    assert.equal(ears.size + mouths.size, 0);
    tap.close();
  });
