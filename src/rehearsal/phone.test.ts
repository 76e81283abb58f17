// The rehearsal phone where no stage puts it: on IPv6.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SipRig } from '../../test/kit/sip.ts';
import { openPhone } from './phone.ts';

test('two phones call each other over IPv6', async () => {
  const rig = new SipRig();
  const { clock, random } = rig;
  const open = (host: string) => clock.settle(openPhone({ clock, random, network: rig.net.host(host), host }));
  const [anna, bob] = [await open('2001:db8::1'), await open('2001:db8::2')];
  assert.equal(bob.uri, `sip:phone@[2001:db8::2]:${bob.sip.udp.port}`);
  const call = await clock.settle(anna.call(bob.uri));
  assert.equal(await clock.settle(call.answered), 200);
  assert.match(Buffer.from(call.finalResponse!.body).toString(), /^c=IN IP6 2001:db8::2\r$/m);
  await clock.settle(call.hangup());
  await clock.runFor(40_000);
  for (const phone of [anna, bob]) await clock.settle(phone.close());
});
