// Where an outbound call goes: URIs as they are, numbers through the gateway, and what cannot be dialled.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../base/index.ts';
import { chooseRoute, type Destination, type Gateway } from './outbound.ts';

const gateway: Gateway = { host: 'gw.example', port: 5080, transport: 'tcp', user: 'u', password: 'p' };
const sip = (sipUri: string, more: object = {}): Destination => ({ type: 'sip', sipUri, ...more });
const phone = (number: string, more: object = {}): Destination => ({ type: 'phone', number, ...more });

for (const [destination, via, expected] of [
  [sip('sip:bob@10.0.0.1'), undefined, { uri: 'sip:bob@10.0.0.1', to: 'sip:bob@10.0.0.1' }],
  [
    sip('bob@example.com;transport=tcp'),
    gateway,
    { uri: 'sip:bob@example.com;transport=tcp', to: 'bob@example.com;transport=tcp' },
  ],
  [
    sip('sip:b@h', { proxy: 'proxy.example:5070', auth: { username: 'a', password: 'b' } }),
    gateway,
    { uri: 'sip:b@h', to: 'sip:b@h', proxy: 'sip:proxy.example:5070', auth: { username: 'a', password: 'b' } },
  ],
  [
    phone('+4930'),
    gateway,
    { uri: 'sip:+4930@gw.example:5080;transport=tcp', to: '+4930', auth: { username: 'u', password: 'p' } },
  ],
  [
    phone('1', { auth: { username: 'own', password: 'x' } }),
    gateway,
    { uri: 'sip:1@gw.example:5080;transport=tcp', to: '1', auth: { username: 'own', password: 'x' } },
  ],
  [
    phone('*31#', { proxy: 'sip:p.example' }),
    { ...gateway, host: '2001:db8::1', port: undefined, password: undefined },
    { uri: 'sip:*31%23@[2001:db8::1];transport=tcp', to: '*31#', proxy: 'sip:p.example' },
  ],
] as [Destination, Gateway | undefined, object][]) {
  test(`${JSON.stringify(destination)} is dialled`, () => {
    assert.deepEqual(chooseRoute(destination, via), expected);
  });
}

for (const [destination, http, path] of [
  [phone('1'), 422, undefined],
  [sip(''), 400, 'to.sipUri'],
  [sip('sip:'), 400, 'to.sipUri'],
  [sip('sip:a@[::1'), 400, 'to.sipUri'],
  [sip('sip:a@h:99999999'), 400, 'to.sipUri'],
  [sip('sips:a@h'), 422, 'to.sipUri'],
  [sip('sip:a@h', { proxy: 'sip:' }), 400, 'to.proxy'],
  [sip('sip:a@h', { proxy: 'nonsense:::' }), 400, 'to.proxy'],
  [sip('sip:a@h', { proxy: 'sips:h' }), 422, 'to.proxy'],
] as [Destination, number, string | undefined][]) {
  test(`${JSON.stringify(destination)} is refused with ${http}`, () => {
    const refusal = chooseRoute(destination, undefined);
    assert.ok(isRefusal(refusal));
    assert.deepEqual([refusal.http, refusal.path], [http, path]);
  });
}
