// Live updates in every state a call can be in: while it plays, says, gathers, listens, waits in a queue; twice in a row.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { Parties, song } from '../kit/parties.ts';
import { calmLevel, hears, levelNow } from '../kit/ua/judge.ts';
import type { UaCall } from '../kit/ua/ua.ts';
import { pause, until } from '../kit/until.ts';

const tone = (hz: number, ms = 60_000): string => `tone_stream://v=-13;%(${ms},0,${hz})`;

let parties: Parties;
let audio: WebSocketServer;
before(async () => {
  parties = await Parties.open();
  audio = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: (offered) => [...offered][0] ?? false });
  await once(audio, 'listening');
  parties.hooks.replies['/wait'] = [{ verb: 'play', url: tone(1_300, 30_000) }];
});
after(async () => {
  for (const client of audio.clients) client.terminate();
  audio.close();
  await parties.close();
});

const listenUrl = (): string => `ws://127.0.0.1:${(audio.address() as AddressInfo).port}/`;

/** Applications that keep a call in one state, and what the caller hears meanwhile, Hz. */
const states: Record<string, { verbs: () => unknown[]; hears?: number }> = {
  play: { verbs: () => [{ verb: 'play', url: tone(1_300) }], hears: 1_300 },
  say: { verbs: () => [{ verb: 'say', text: 'One moment please, we look for it.', loop: 0 }] },
  gather: {
    verbs: () => [{ verb: 'gather', numDigits: 9, timeout: 60, play: { url: tone(1_300) }, actionHook: '/digits' }],
    hears: 1_300,
  },
  'gather of speech': {
    verbs: () => [
      {
        verb: 'gather',
        input: ['speech'],
        timeout: 60,
        play: { url: tone(1_300) },
        recognizer: { vendor: 'test', language: 'en-US' },
        actionHook: '/speech',
      },
    ],
    hears: 1_300,
  },
  pause: { verbs: () => [{ verb: 'answer' }, { verb: 'pause', length: 60 }] },
  listen: { verbs: () => [{ verb: 'listen', url: listenUrl(), mixType: 'stereo', sampleRate: 8_000 }] },
  'a queue': { verbs: () => [{ verb: 'enqueue', name: 'support', waitHook: '/wait' }], hears: 1_300 },
};

for (const [name, { verbs, hears: background }] of Object.entries(states))
  describe(`during ${name}`, () => {
    let call: UaCall;
    const back = async (): Promise<void> => {
      if (background !== undefined) await hears(call, background, [1_900]);
    };
    before(async () => {
      call = await parties.call('alice', { '/': verbs() });
      await back();
    });
    after(async () => {
      if (!call.over) await call.bye();
      await parties.hooks.final(call.callSid);
    });

    test('whisper twice, one after the other', async () => {
      for (const hz of [1_900, 2_200]) {
        await parties.update(call.callSid, { whisper: { verb: 'play', url: tone(hz, 400) } });
        await hears(call, hz, background === undefined ? [] : [background]);
      }
      await back();
    });

    test('boost, dub and mute act and are taken back', async () => {
      for (let round = 0; round < 2; round++) {
        await parties.update(call.callSid, { dub: { action: 'addTrack', track: 'extra', play: tone(1_900) } });
        await hears(call, 1_900);
        if (background !== undefined) await hears(call, background);
        const loud = levelNow(call, 1_900);
        await parties.update(call.callSid, { dub: { action: 'removeTrack', track: 'extra' } });
        await back();
        if (background !== undefined) {
          const before = await calmLevel(call, background);
          await parties.update(call.callSid, { boostAudioSignal: -6 });
          await pause(400);
          assert.ok(Math.abs((await calmLevel(call, background)) - before + 6) < 0.6);
          await parties.update(call.callSid, { boostAudioSignal: '0 dB' });
        }
        assert.ok(loud > -30);
        await parties.update(call.callSid, { mute_status: 'mute' });
        await parties.update(call.callSid, { mute_status: 'unmute' });
      }
    });

    test('digits, a request, noise isolation and a recording', async () => {
      const before = call.rtp.digits.length;
      await parties.update(call.callSid, { dtmf: { digit: '9' } });
      await until(() => call.rtp.digits.length > before, { what: 'the digit' });
      const request = { method: 'INFO', content_type: 'text/plain', content: 'x' };
      const reply = await parties.update(call.callSid, { sip_request: request });
      assert.equal((reply.body as { status: number }).status, 200);
      for (const status of ['enable', 'disable'])
        await parties.update(call.callSid, { noise_isolation_status: status });
      for (const action of ['startCallRecording', 'pauseCallRecording', 'resumeCallRecording', 'stopCallRecording'])
        await parties.update(call.callSid, { record: { action, type: 'cloud' } });
      await back();
    });

    test('what this state does not have is refused with the reason, and nothing changes', async () => {
      for (const body of [
        { conf_mute_status: 'mute' },
        { conferenceParticipantAction: { action: 'kick' } },
        { media_path: 'no-media' },
        { child_call_hook: '/next' },
        { transcribe_status: 'pause' },
        { room_play: { url: tone(500) } },
        { agent_update: { type: 'generate_reply' } },
        ...(name === 'listen' ? [] : [{ listen_status: 'pause' }]),
      ]) {
        const { status, body: answer } = await parties.program.update(call.callSid, body);
        const said = JSON.stringify([body, answer]);
        assert.equal(status, 422, said);
        assert.ok(String((answer as { msg?: unknown }).msg).length > 10, said);
      }
      await back();
    });

    test('ten updates at once, then a redirect', async () => {
      const outcomes = await Promise.all([
        ...Array.from({ length: 8 }, (_, i) => parties.program.update(call.callSid, { boostAudioSignal: i - 4 })),
        parties.program.update(call.callSid, { tag: { n: 1 } }),
        parties.program.update(call.callSid, { mute_status: 'mute' }),
      ]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        Array(10).fill(202),
      );
      parties.hooks.replies['/next'] = [{ verb: 'play', url: tone(2_500) }];
      await parties.update(call.callSid, { call_hook: `${parties.hooks.origin}/next`, tag: { n: 2 } });
      await hears(call, 2_500, [background ?? song.bob]);
      assert.deepEqual(call.rtp.breaks(20), []);
    });
  });
