// Shared frames: encoded once for all who send them; what is somebody's own is encoded for them alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecByName, sine } from '../../audio/index.ts';
import { Output } from './output.ts';
import { shared, sharedPayload } from './shared-frames.ts';

const frame = (): Int16Array => sine({ hz: 440, amplitude: 3000, samples: 160, sampleRate: 8000 });

test('a shared frame is encoded once for each codec, another never', () => {
  let encoded = 0;
  const encoder = {
    encode: (pcm: Int16Array, out: Uint8Array) => {
      encoded++;
      return out.fill(pcm[1]! & 0xff).length;
    },
  };
  const pcm = shared(frame());
  const first = sharedPayload(pcm, encoder, 160);
  assert.equal(sharedPayload(pcm, encoder, 160), first);
  assert.equal(encoded, 1);
  assert.notEqual(sharedPayload(pcm, codecByName('PCMA')!.makeEncoder(), 160), first);
  assert.equal(sharedPayload(frame(), encoder, 160), undefined);
});

test('what goes out of a shared frame is what goes out of one like it, in every codec, with the leg’s own numbers', () => {
  for (const [codec, payloadType] of [
    ['PCMU', 0],
    ['PCMA', 8],
    ['G722', 9],
  ] as const) {
    const pcm = shared(
      codec === 'G722' ? sine({ hz: 440, amplitude: 3000, samples: 320, sampleRate: 16_000 }) : frame(),
    );
    const outputs = [1, 2, 3].map((ssrc) => {
      const output = new Output({ ssrc, sequence: 100 * ssrc, timestamp: 0 });
      output.setFormat({ codec, payloadType, clockRate: 8000, ptimeMs: 20 });
      return output;
    });
    // The second one comes from other audio: an encoder that keeps state goes on from there.
    outputs[1]!.next(pcm.map((x) => -x));
    const sent = outputs.map((output, i) => output.next(i === 2 ? pcm.slice() : pcm).slice());
    assert.deepEqual(
      sent.map((packet) => packet[11]),
      [1, 2, 3],
    );
    assert.deepEqual(sent[0]!.subarray(12), sent[2]!.subarray(12), codec);
    assert.equal(Buffer.compare(sent[0]!.subarray(12), sent[1]!.subarray(12)) === 0, codec !== 'G722');
  }
});
