// Phone numbers go out through the configured gateway, with its credentials; a call's own credentials and proxy come first.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Gateway } from '../../src/edge/index.ts';
import type { Phone } from '../../src/rehearsal/phone.ts';
import type { SipRequest } from '../../src/sip/index.ts';
import { type Json, type Scene, scene, toneUrl } from '../kit/scene.ts';

/** Where the second phone of a stage stands. */
const gateway: Gateway = { host: '127.0.0.3', port: 32_768, transport: 'udp', user: 'cross', password: 'point' };

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** RFC 2617 3.2.2 with qop=auth, as a gateway checks it. */
function isRight({ user, password }: { user: string; password: string }, request: SipRequest): boolean {
  const header = request.header('Authorization') ?? '';
  const field = (name: string): string => new RegExp(`\\b${name}="?([^",]*)"?`).exec(header)?.[1] ?? '';
  const ha1 = md5(`${user}:gw:${password}`);
  const ha2 = md5(`INVITE:${field('uri')}`);
  const wanted = md5([ha1, field('nonce'), field('nc'), field('cnonce'), 'auth', ha2].join(':'));
  return field('username') === user && field('response') === wanted && field('uri') === request.uriText;
}

/** A gateway that asks for these credentials and answers. */
async function openGateway(s: Scene, credentials: { user: string; password: string }): Promise<SipRequest[]> {
  const phone: Phone = await s.stage.phone('gateway');
  assert.deepEqual(phone.sip.udp, { host: gateway.host, port: gateway.port });
  const seen: SipRequest[] = [];
  phone.onCall = (call, invite) => {
    seen.push(invite.request);
    if (isRight(credentials, invite.request)) return call.accept(invite);
    invite.reject(401, undefined, {
      headers: { 'WWW-Authenticate': 'Digest realm="gw", nonce="n1", algorithm=MD5, qop="auth"' },
    });
    call.refused(401);
  };
  return seen;
}

const create = (s: Scene, body: Json) =>
  s.stage.clock.settle(
    s.stage.house.calls.create(s.stage.account.account_sid, {
      from: '+15551234567',
      application_sid: s.app.application_sid,
      ...body,
    }),
  );

test('a number is called at the gateway, which asks for the configured credentials and gets them', async () => {
  const s = await scene(
    { '/': [{ verb: 'play', url: toneUrl(440, 500) }, { verb: 'hangup' }] },
    { settings: { gateway } },
  );
  const seen = await openGateway(s, { user: 'cross', password: 'point' });
  const created = await create(s, { to: { type: 'phone', number: '+49301234567' } });
  assert.ok('sid' in created, JSON.stringify(created));
  await s.run(3_000);
  assert.equal(seen.length, 2);
  assert.match(seen[1]!.uriText, /^sip:\+49301234567@127\.0\.0\.3:32768/);
  assert.equal(seen[1]!.from.uri.user, '+15551234567');
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  const [first] = s.sentTo('/');
  assert.deepEqual([first?.to, first?.from], ['+49301234567', '+15551234567']);
  await s.end();
});

test('credentials of the call go before those of the gateway; wrong ones are one failed call with 401', async () => {
  const s = await scene({ '/': [{ verb: 'hangup' }] }, { settings: { gateway } });
  const seen = await openGateway(s, { user: 'own', password: 'secret' });
  await create(s, { to: { type: 'phone', number: '1', auth: { username: 'own', password: 'secret' } } });
  await s.run(2_000);
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  await create(s, { to: { type: 'phone', number: '2' } });
  await s.run(2_000);
  assert.equal(seen.length, 4);
  assert.deepEqual(s.statuses().slice(3), ['trying', 'failed']);
  assert.equal(s.sentTo('/status').at(-1)?.sip_status, 401);
  await s.end();
});

test('a gateway of a given address and a proxy: the number stays the address, the proxy is the next hop', async () => {
  const s = await scene(
    { '/': [{ verb: 'hangup' }] },
    { settings: { gateway: { ...gateway, host: '10.7.7.7', port: undefined, user: undefined } } },
  );
  const seen = await openGateway(s, { user: 'own', password: 'secret' });
  await create(s, {
    to: {
      type: 'phone',
      number: '1',
      proxy: `sip:${gateway.host}:${gateway.port};lr`,
      auth: { username: 'own', password: 'secret' },
    },
  });
  await s.run(2_000);
  assert.equal(seen[0]?.uriText, 'sip:1@10.7.7.7;transport=udp');
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  await s.end();
});

test('a dial reaches numbers through the gateway, SIP addresses with their own credentials and proxy', async () => {
  const target = [
    { type: 'phone', number: '+49301234567', headers: { 'X-Leg': 'phone' } },
    { type: 'sip', sipUri: 'sip:bob@10.7.7.7', auth: { username: 'own', password: 'secret' } },
  ];
  const proxy = `sip:${gateway.host}:${gateway.port}`;
  const s = await scene(
    {
      '/': [
        { verb: 'dial', target: target.slice(0, 1), timeLimit: 1 },
        { verb: 'dial', target: target.slice(1), proxy },
      ],
    },
    { settings: { gateway } },
  );
  const seen = await openGateway(s, { user: 'cross', password: 'point' });
  const own = await s.dial();
  await s.run(3_000);
  assert.equal(seen.length, 4);
  assert.deepEqual(
    [seen[0]?.uriText, seen[1]?.header('X-Leg'), seen[1]?.from.uri.user],
    ['sip:+49301234567@127.0.0.3:32768;transport=udp', 'phone', 'phone'],
  );
  // The second leg has credentials that this gateway does not know.
  assert.deepEqual([seen[2]?.uriText, seen[3]?.uriText], ['sip:bob@10.7.7.7', 'sip:bob@10.7.7.7']);
  const legs = s.sentTo('/status').filter((b) => b.parent_call_sid !== undefined && b.call_status !== 'trying');
  assert.deepEqual(
    legs.map((b) => [b.to, b.call_status, b.sip_status]),
    [
      ['+49301234567', 'in-progress', 200],
      ['+49301234567', 'completed', 200],
      ['sip:bob@10.7.7.7', 'failed', 401],
    ],
  );
  await s.run(1_000);
  assert.ok(own.ended);
  await s.end();
});

for (const change of [
  { from: 'a b' },
  { to: { type: 'sip', sipUri: 'sip:a@10.9.9.9', proxy: 'sip:' } },
  { to: { type: 'sip', sipUri: 'sip:a@10.9.9.9', proxy: 'nonsense:::' } },
  { to: { type: 'sip', sipUri: 'sip:a@10.9.9.9 ' } },
  { to: { type: 'sip', sipUri: 'sip:a@[::1' } },
  { to: { type: 'sip', sipUri: 'sip:a@10.9.9.9>;x=<' } },
  { headers: { Via: 'x', 'Content-Length': '7', 'Call-ID': 'mine' } },
] as Json[]) {
  test(`a call that cannot be placed leaves nothing behind: ${JSON.stringify(change)}`, async () => {
    const s = await scene({ '/': [{ verb: 'hangup' }] });
    await create(s, { to: { type: 'sip', sipUri: 'sip:a@10.9.9.9' }, timeout: 3, ...change }).catch((error) =>
      assert.fail(`create must not throw: ${error}`),
    );
    await s.run(10_000);
    assert.equal(s.stage.house.directory.size, 0);
    assert.equal(s.statuses().filter((status) => status !== 'trying').length, s.statuses().length > 0 ? 1 : 0);
    await s.run(60_000);
    await s.end();
  });
}
