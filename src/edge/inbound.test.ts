// Who may call what: the demo for everybody, applications for this machine alone and only with CROSSPOINT_DEV.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../base/index.ts';
import type { IncomingInvite } from '../sip/index.ts';
import type { Records } from '../store/index.ts';
import { admit } from './inbound.ts';

const app = '11111111-1111-4111-8111-111111111111';
const orphan = '22222222-2222-4222-8222-222222222222';
const sleeping = '33333333-3333-4333-8333-333333333333';
const unknown = '44444444-4444-4444-8444-444444444444';

const applications: Record<string, { application_sid: string; account_sid: string }> = {
  [app]: { application_sid: app, account_sid: 'account' },
  [orphan]: { application_sid: orphan, account_sid: 'nobody' },
  [sleeping]: { application_sid: sleeping, account_sid: 'asleep' },
};
const accounts: Record<string, { account_sid: string; is_active: boolean }> = {
  account: { account_sid: 'account', is_active: true },
  asleep: { account_sid: 'asleep', is_active: false },
};
const records = {
  applications: { get: async (sid: string) => applications[sid] },
  accounts: { get: async (sid: string) => accounts[sid] },
} as unknown as Records;

const invite = (user: string | undefined, host: string) =>
  ({ request: { uri: { user } }, peer: { host, port: 5060, transport: 'udp' } }) as unknown as IncomingInvite;

for (const [user, host, settings, expected] of [
  ['demo', '203.0.113.9', { dev: false, demoApplicationSid: app }, app],
  [`app-${app}`, '127.0.0.1', { dev: true, demoApplicationSid: undefined }, app],
  [`APP-${app.toUpperCase()}`, '127.9.9.9', { dev: true, demoApplicationSid: undefined }, app],
  [`app-${app}`, '::1', { dev: true, demoApplicationSid: undefined }, app],
  [`app-${app}`, '::ffff:127.0.0.1', { dev: true, demoApplicationSid: undefined }, app],
  [`app-${app}`, '127.0.0.1', { dev: false, demoApplicationSid: app }, 403],
  [`app-${app}`, '10.0.0.1', { dev: true, demoApplicationSid: undefined }, 403],
  [`app-${app}`, '::ffff:10.0.0.1', { dev: true, demoApplicationSid: undefined }, 403],
  ['app-nonsense', '127.0.0.1', { dev: true, demoApplicationSid: undefined }, 404],
  [`app-${unknown}`, '127.0.0.1', { dev: true, demoApplicationSid: undefined }, 404],
  [`app-${orphan}`, '127.0.0.1', { dev: true, demoApplicationSid: undefined }, 503],
  [`app-${sleeping}`, '127.0.0.1', { dev: true, demoApplicationSid: undefined }, 503],
  ['demo', '127.0.0.1', { dev: true, demoApplicationSid: undefined }, 404],
  [undefined, '127.0.0.1', { dev: true, demoApplicationSid: app }, 404],
  ['15551234567', '127.0.0.1', { dev: true, demoApplicationSid: app }, 404],
] as [string | undefined, string, { dev: boolean; demoApplicationSid: string | undefined }, string | number][]) {
  test(`${user} from ${host}, ${settings.dev ? 'dev' : 'not dev'}: ${expected}`, async () => {
    const admission = await admit(invite(user, host), records, settings);
    if (isRefusal(admission)) assert.deepEqual([admission.sip, admission.reason !== ''], [expected, true]);
    else assert.equal(admission.application.application_sid, expected);
  });
}

test('who calls what nothing answers is told what does', async () => {
  for (const [demoApplicationSid, hint] of [
    [app, /what does: sip:demo@/],
    [undefined, /what does: sip:app-/],
  ] as const) {
    const refusal = await admit(invite('demo1', '127.0.0.1'), records, { dev: true, demoApplicationSid });
    assert.ok(isRefusal(refusal));
    assert.match(refusal.reason, hint);
  }
});
