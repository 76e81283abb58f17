// The real program and baresip, a real phone: called by it and calling it, over UDP and TCP, in each codec; what it hears is measured.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Baresip } from '../kit/baresip.ts';
import { type Hooks, openHooks } from '../kit/hooks.ts';
import { type Program, startProgram } from '../kit/program.ts';
import { sineDb } from '../kit/ua/g711.ts';
import { pause, until } from '../kit/until.ts';

/** 0 dBm0 is 3.17 dB below the largest u-law sine; A-law's overload point is within 0.03 dB of it. */
const toneDb = -13 - 3.17;
const prompt = { verb: 'play', url: 'tone_stream://v=-13;%(2500,0,440)' };
const completed = ['trying', 'in-progress', 'completed'];

let program: Program;
let hooks: Hooks;
let application: string;
let calling: string;

before(async () => {
  hooks = await openHooks({
    '/': [prompt, { verb: 'gather', numDigits: 4, actionHook: '/digits', timeout: 20 }],
    '/digits': [{ verb: 'hangup' }],
    '/called': [prompt, { verb: 'hangup' }],
  });
  program = await startProgram();
  application = await program.application(hooks);
  calling = await program.application(hooks, { call_hook: { url: `${hooks.origin}/called`, method: 'POST' } });
});
after(async () => {
  await hooks.close();
  await program.end();
});

/** The level of the tone in the best second, and how long it was heard, ms. */
function toneIn(pcm: Int16Array, rate: number): { db: number; ms: number } {
  const window = rate / 10;
  const levels = Array.from({ length: Math.floor(pcm.length / window) }, (_, i) =>
    sineDb(pcm.subarray(i * window, (i + 1) * window), 440, rate),
  );
  const heard = levels.filter((db) => db > toneDb - 6);
  // The middle of what was heard: a moment that the machine left out does not count as its level.
  return { db: heard.sort((a, b) => a - b)[heard.length >> 1] ?? -100, ms: heard.length * 100 };
}

function assertTone(phone: Baresip): void {
  const { db, ms } = toneIn(phone.heard(), phone.rate);
  assert.ok(Math.abs(db - toneDb) < 0.5, `heard at ${db} dB, played at ${toneDb} dB`);
  assert.ok(ms >= 2_200, `heard for ${ms} ms of 2500`);
}

for (const [transport, codec] of [
  ['udp', 'PCMU'],
  ['tcp', 'PCMA'],
  ['udp', 'G722'],
] as const) {
  describe(`${codec} over ${transport}`, () => {
    let phone: Baresip;
    before(async () => {
      phone = await Baresip.open({ transport, codec });
    });
    after(() => phone.close());

    test('it calls, hears the prompt, and its keys are heard', async () => {
      const since = hooks.sent.length;
      phone.command('dial', `sip:app-${application}@${program.ready.sip[transport]};transport=${transport}`);
      await phone.event('CALL_ESTABLISHED');
      const sid = String((await until(() => hooks.sent[since], { what: 'the call' })).body.call_sid);
      await pause(3_000);
      await phone.press('1*90');
      await phone.event('CALL_CLOSED');
      assert.match(phone.said, new RegExp(`audio rx pipeline: .*${codec}`));
      assertTone(phone);
      await hooks.final(sid);
      assert.deepEqual(
        hooks.sentTo('/digits', sid).map((body) => body.digits),
        ['1*90'],
      );
      assert.deepEqual(hooks.statuses(sid), completed);
    });

    test('it hangs up', async () => {
      const since = hooks.sent.length;
      phone.command('dial', `sip:app-${application}@${program.ready.sip[transport]};transport=${transport}`);
      await phone.event('CALL_ESTABLISHED', 2);
      const sid = String((await until(() => hooks.sent[since], { what: 'the call' })).body.call_sid);
      await pause(300);
      phone.command('hangup');
      assert.equal((await hooks.final(sid)).call_termination_by, 'caller');
      assert.deepEqual(hooks.statuses(sid), completed);
    });

    test('it is called, answers and hears the prompt', async () => {
      // Its recordings are named by the second.
      await pause(1_100);
      const sid = await program.place({
        to: { type: 'sip', sipUri: phone.uri },
        application_sid: calling,
      });
      await phone.event('CALL_CLOSED', 3);
      assertTone(phone);
      assert.equal((await hooks.final(sid)).call_termination_by, 'jambonz');
      assert.deepEqual(hooks.statuses(sid), ['trying', 'ringing', 'in-progress', 'completed']);
    });
  });
}
