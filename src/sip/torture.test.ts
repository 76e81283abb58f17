// RFC 4475 against a whole stack: each message gets the answer of the table, or none, and leaves nothing behind.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { RawPeer, SipRig } from '../../test/kit/sip.ts';

interface TortureCase {
  name: string;
  what: string;
  /** What a whole stack does with it: 'invite' and 'request' reach its user, else nothing happens or one of the statuses is sent. */
  stack: 'invite' | 'request' | 'response' | 'drop' | number[];
}

const folder = new URL('./message/torture/', import.meta.url);
const tortureCases: TortureCase[] = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8'));

for (const { name, what, stack: verdict } of tortureCases) {
  test(`${name}: ${what}`, async () => {
    const rig = new SipRig();
    const sut = await rig.stack('10.0.0.2', {
      allow: ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'MESSAGE', 'REGISTER'],
    });
    // Most of the messages ask for no rport, so that answers go to the port in their Via.
    const bytes = readFileSync(new URL(`${name}.dat`, folder));
    const via = /^(?:Via|v)\s*:\s*SIP\s*\/\s*2.0\s*\/\s*[\w-]+\s+[^;:\s]+(?::(\d+))?/im.exec(bytes.toString('latin1'));
    const peer = await RawPeer.open(rig, '10.0.0.1', Number(via?.[1] ?? 5060));
    let requests = 0;
    sut.onRequest = (request) => {
      requests++;
      request.respond(200);
    };
    peer.send({ host: '10.0.0.2', port: 5060 }, bytes);
    await rig.clock.runFor(100);
    const finals = peer.statuses.filter((status) => status >= 200);
    assert.equal(sut.invites.length, verdict === 'invite' ? 1 : 0);
    assert.equal(requests, verdict === 'request' ? 1 : 0);
    if (typeof verdict !== 'string') {
      assert.ok(verdict.includes(finals[0] ?? 0), `answered ${finals[0]}, not ${verdict.join(' or ')}`);
    } else if (verdict === 'drop' || verdict === 'response') assert.deepEqual(peer.received, []);
    for (const invite of sut.invites) invite.reject(486);
    await rig.end();
    assert.equal(sut.stats().transactions, 0);
    assert.equal(sut.stats().dialogs, 0);
    await rig.close();
    peer.close();
  });
}
