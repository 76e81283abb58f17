// Text frames: long ones are read the same way as short ones, only quicker.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from './message.ts';

const audio = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) & 255)).toString('base64');

test('long and short messages are read alike, wherever the audio stands', () => {
  for (const content of ['AAAA', audio]) {
    for (const data of [
      { audioContent: content, id: 'a', sampleRate: 8000 },
      { id: 'quote " and brace }', sampleRate: 8000, audioContent: content },
    ]) {
      for (const space of [0, 2]) {
        const message = { type: 'playAudio', data };
        assert.deepEqual(readMessage(JSON.stringify(message, null, space)), message);
      }
    }
  }
});

test('slashes that were escaped decode to the same audio', () => {
  const text = JSON.stringify({ type: 'playAudio', data: { audioContent: audio } }).replaceAll('/', '\\/');
  const { data } = readMessage(text) as { data: { audioContent: string } };
  assert.deepEqual(Buffer.from(data.audioContent, 'base64'), Buffer.from(audio, 'base64'));
});

test('what is no JSON object is nothing', () => {
  const long = 'x'.repeat(100_000);
  for (const text of [
    '',
    'x',
    '[]',
    '12',
    'null',
    long,
    `{"audioContent":"${long}`,
    `{"audioContent":"${long}"`,
    `["${long}"]`,
  ])
    assert.equal(readMessage(text), undefined, text.slice(0, 40));
  assert.deepEqual(readMessage(`{"type":"mark","data":{"name":"${long}"}}`), { type: 'mark', data: { name: long } });
});
