// transcribe nested in a dial and in a listen: both legs under their channels, pause and resume through either leg, its end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type DialScene, dialScene, sidOf } from '../kit/dialled.ts';
import type { Json } from '../kit/scene.ts';
import { Speaker } from '../kit/speaking.ts';
import { sttCredential, sttServer } from '../kit/stt-server.ts';

interface Heard {
  tag: number;
  text: string;
}

const heard = (s: DialScene): Heard[] =>
  s.sentTo('/t').map(({ speech }) => {
    const { channel_tag: tag, alternatives } = speech as {
      channel_tag: number;
      alternatives: { transcript: string }[];
    };
    return { tag, text: alternatives[0]!.transcript };
  });

function voiceOf(call: PhoneCall): Speaker {
  const voice = new Speaker();
  call.audio.voice = voice.next;
  return voice;
}

/** A caller and a callee who are joined, and what both may say. */
async function joined(transcribe: Json) {
  const s = await dialScene({});
  const bob = await s.callee();
  s.answers['/'] = [
    { verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }], transcribe },
    { verb: 'pause', length: 30 },
  ];
  s.answers['/t'] = [{ verb: 'hangup' }];
  const call = await s.dial();
  await s.run(500);
  const voices = { alice: voiceOf(call), bert: voiceOf(bob.call()) };
  // They sang till now, of which the recognizer has made what it could.
  await s.run(1_000);
  s.hooks.length = 0;
  return { s, call, bob, ...voices };
}

const transcribe = { transcriptionHook: '/t', recognizer: { vendor: 'test' } };

test('both legs of a dial are written down, each under its channel; what the hook answers is ignored', async () => {
  const { s, call, bob, alice, bert } = await joined(transcribe);
  alice.say('yes agent');
  await s.run(1_200);
  bert.say('no help');
  await s.run(1_200);
  assert.deepEqual(heard(s), [
    { tag: 1, text: 'yes agent' },
    { tag: 2, text: 'no help' },
  ]);
  assert.equal(call.ended, undefined);
  bert.say('stop', { gapMs: 0 });
  await s.run(350);
  await s.stage.clock.settle(bob.call().hangup());
  await s.run(1_000);
  assert.deepEqual(heard(s).at(-1), { tag: 2, text: 'stop' }, 'his last word');
  alice.say('zero');
  await s.run(1_500);
  assert.equal(heard(s).length, 3, 'it ends with the dial');
  await s.end();
});

for (const [channel, expected] of [
  [1, 'yes'],
  [2, 'no'],
] as const) {
  test(`channel ${channel} alone`, async () => {
    const { s, alice, bert } = await joined({ ...transcribe, channel });
    alice.say('yes');
    bert.say('no');
    await s.run(1_500);
    assert.deepEqual(heard(s), [{ tag: channel, text: expected }]);
    await s.end();
  });
}

test('transcribe_status reaches it through the caller and through the dialled leg', async () => {
  const { s, call, alice, bert } = await joined(transcribe);
  assert.equal((await s.updateSid(sidOf(call), { transcribe_status: 'pause' }, true)).status, 200);
  alice.say('yes');
  bert.say('no');
  await s.run(1_500);
  assert.deepEqual(heard(s), []);
  assert.equal((await s.updateSid(s.childSid(), { transcribe_status: 'resume' }, true)).status, 200);
  alice.say('one');
  await s.run(1_200);
  bert.say('two');
  await s.run(1_200);
  assert.deepEqual(
    heard(s).map(({ text }) => text),
    ['one', 'two'],
  );
  await s.end();
});

test('one leg whose recognizer fails leaves the other to be heard; with the last one it is over', async () => {
  const s = await dialScene({});
  const server = sttServer(s.stage, 'ws://stt.example/');
  await sttCredential(s, 'mine', 'ws://stt.example/');
  const bob = await s.callee();
  s.answers['/'] = [
    {
      verb: 'dial',
      target: [{ type: 'sip', sipUri: bob.uri }],
      transcribe: { ...transcribe, recognizer: { vendor: 'custom:mine' } },
    },
  ];
  await s.dial();
  await s.run(500);
  const [caller, called] = server.peers;
  caller!.kill();
  await s.run(100);
  assert.deepEqual(
    s.stage.alerts.map(({ type }) => type),
    ['stt-failure'],
  );
  server.say('still here');
  await s.run(100);
  assert.deepEqual(heard(s), [{ tag: 2, text: 'still here' }]);
  assert.equal((await s.updateSid(s.childSid(), { transcribe_status: 'resume' })).status, 202);
  called!.kill();
  await s.run(100);
  assert.equal((await s.updateSid(s.childSid(), { transcribe_status: 'pause' })).status, 422, 'nobody listens');
  await s.end();
});

test('nested in a listen it ends with the stream', async () => {
  const s = await dialScene({});
  const server = s.stage.net.serveWs('ws://app.example/audio', () => {});
  s.answers['/'] = [
    { verb: 'listen', url: 'ws://app.example/audio', transcribe },
    { verb: 'play', url: 'silence_stream://5000' },
  ];
  const call = await s.dial();
  const alice = voiceOf(call);
  await s.run(300);
  alice.say('yes');
  await s.run(1_500);
  assert.deepEqual(heard(s), [{ tag: 1, text: 'yes' }]);
  for (const peer of server.connections) peer.close(1000);
  await s.run(300);
  alice.say('no');
  await s.run(1_500);
  assert.equal(heard(s).length, 1);
  await s.end();
});
