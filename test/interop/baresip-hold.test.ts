// baresip, a real phone, in a bridge: it holds and resumes, its media goes past us and comes back, and the caller hears what is right.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Baresip } from '../kit/baresip.ts';
import { Parties } from '../kit/parties.ts';
import { hears } from '../kit/ua/judge.ts';
import { pause, until } from '../kit/until.ts';

/** What baresip says, and the music. */
const [phoneHz, musicHz] = [600, 1_600];
const music = { verb: 'config', onHoldMusic: `tone_stream://v=-13;%(60000,0,${musicHz})` };

let parties: Parties;
before(async () => {
  parties = await Parties.open();
});
after(() => parties.close());

for (const [transport, codec] of [
  ['udp', 'PCMU'],
  ['tcp', 'PCMU'],
  ['udp', 'PCMA'],
] as const) {
  test(`hold, resume and media_path with ${codec} over ${transport}`, async () => {
    const phone = await Baresip.open({ transport, codec });
    try {
      const dial = { verb: 'dial', target: [{ type: 'sip', sipUri: phone.uri }], actionHook: '/dialled' };
      const alice = await parties.call('alice', { '/': [music, dial] });
      await phone.event('CALL_ESTABLISHED');
      await hears(alice, phoneHz);
      for (let i = 0; i < 3; i++) {
        phone.command('hold');
        await hears(alice, musicHz, [phoneHz]);
        phone.command('resume');
        await hears(alice, phoneHz, [musicHz]);
      }
      // Faster than anybody presses: the last one counts, and the call lives.
      for (let i = 0; i < 10; i++) {
        phone.command(i % 2 === 0 ? 'hold' : 'resume');
        await pause(30);
      }
      await hears(alice, phoneHz, [musicHz]);
      const sid = alice.callSid;
      const paths = codec === 'PCMU' ? ['partial-media', 'no-media', 'full-media'] : ['full-media'];
      for (const path of paths) {
        if (codec === 'PCMU') await parties.update(sid, { media_path: path }, true);
        await hears(alice, phoneHz, [musicHz]);
      }
      if (codec === 'PCMA') {
        // The caller has PCMU alone, and baresip is set to PCMA alone: there is no other way than through us.
        const { status, body } = await parties.program.update(sid, { media_path: 'no-media' }, true);
        assert.equal(status, 422, JSON.stringify(body));
        await hears(alice, phoneHz, [musicHz]);
      }
      phone.command('hangup');
      await until(() => alice.byed, { what: "the caller's BYE" });
      assert.equal((await parties.hooks.final(sid)).call_status, 'completed');
    } finally {
      await phone.close();
    }
  });
}
