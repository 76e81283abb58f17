// REFER with baresip, a real phone, both ways: it sends a call elsewhere and is told how that went; we send it elsewhere and hear it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Baresip } from '../kit/baresip.ts';
import { Parties, song } from '../kit/parties.ts';
import { hears } from '../kit/ua/judge.ts';
import { until } from '../kit/until.ts';

const phoneHz = 600;

let parties: Parties;
let phone: Baresip;
before(async () => {
  parties = await Parties.open();
  phone = await Baresip.open({ transport: 'udp', codec: 'PCMU' });
});
after(async () => {
  await phone.close();
  await parties.close();
});

test('it transfers the caller: the referHook decides, its NOTIFYs satisfy it, and it hangs up', async () => {
  const carol = await parties.phone('carol');
  const dial = { verb: 'dial', target: [{ type: 'sip', sipUri: phone.uri }], referHook: '/refer' };
  const toCarol = { verb: 'dial', target: [{ type: 'sip', sipUri: carol.contact }] };
  const alice = await parties.call('alice', { '/': [dial], '/refer': [toCarol] });
  await phone.event('CALL_ESTABLISHED');
  await hears(alice, phoneHz);
  phone.command('transfer', 'sip:carol@127.0.0.1');
  await hears(alice, song.carol, [phoneHz]);
  const details = parties.hooks.sentTo('/refer')[0]?.refer_details as Record<string, unknown>;
  assert.deepEqual([details.refer_to_user, details.referred_call_sid], ['carol', alice.callSid]);
  assert.match(String(details.sip_user_agent), /baresip/);
  await phone.event('CALL_CLOSED');
  await alice.bye();
  assert.equal((await parties.hooks.final(alice.callSid)).call_status, 'completed');
});

test('sip:refer sends it to another phone: the hooks hear of it, and the two are connected', async () => {
  const other = await Baresip.open({ transport: 'udp', codec: 'PCMU' });
  try {
    const { hooks, program } = parties;
    const refer = { verb: 'sip:refer', referTo: other.uri, actionHook: '/referred', eventHook: '/progress' };
    hooks.replies['/out'] = [{ verb: 'pause', length: 1 }, refer, { verb: 'pause', length: 1 }, { verb: 'hangup' }];
    const application = await program.application(hooks, {
      call_hook: { url: `${hooks.origin}/out`, method: 'POST' },
    });
    const sid = await program.place({ to: { type: 'sip', sipUri: phone.uri }, application_sid: application });
    await other.event('CALL_ESTABLISHED');
    const done = await until(() => hooks.sentTo('/referred', sid)[0], { what: 'the outcome' });
    assert.deepEqual([done.refer_status, done.final_referred_call_status], [202, 200]);
    const progress = hooks.sentTo('/progress').map(({ event, call_status }) => [event, call_status]);
    assert.deepEqual(progress.at(-1), ['transfer-status', 200], JSON.stringify(progress));
    assert.equal((await hooks.final(sid)).call_status, 'completed');
  } finally {
    await other.close();
  }
});
