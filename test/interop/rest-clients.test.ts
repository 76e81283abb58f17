// The REST API against the client libraries customers use, over loopback, unchanged.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { JambonzClient } from '@jambonz/sdk/client';
import { type TestApi, testApi } from '../kit/api.ts';
import { sid } from '../kit/records.ts';

interface OldEntity {
  create(options: object): Promise<string>;
  list(): Promise<{ call_sid: string }[]>;
  retrieve(sid: string): Promise<Record<string, unknown>>;
  update(sid: string, options: object): Promise<void>;
  delete(sid: string): Promise<void>;
}
type OldClient = (
  accountSid: string,
  apiKey: string,
  options: { baseUrl: string },
) => { calls: OldEntity; applications: OldEntity };

const oldClient = createRequire(import.meta.url)('@jambonz/node-client') as OldClient;

let t: TestApi;
let origin = '';
let call_sid = '';
before(async () => {
  t = await testApi();
  const { host, port } = await t.api.listen({ host: '127.0.0.1', port: 0 });
  origin = `http://${host}:${port}`;
});
after(() => t.close());

const newCall = {
  from: '+15551',
  to: { type: 'phone' as const, number: '+15552' },
  call_hook: 'http://app.example/',
  call_status_hook: 'http://app.example/status',
};

function aCall(): string {
  const { account_sid } = t.one;
  call_sid = sid();
  t.calls.records.set(call_sid, { call_sid, account_sid, direction: 'inbound', call_status: 'in-progress' });
  return call_sid;
}

for (const base of ['', '/api']) {
  test(`@jambonz/sdk, base URL ${base || 'without a path'}`, async () => {
    const client = new JambonzClient({
      baseUrl: origin + base,
      accountSid: t.one.account_sid,
      apiKey: t.one.accountKey,
    });
    assert.match(await client.calls.create(newCall), /^[0-9a-f-]{36}$/);
    assert.deepEqual(t.calls.placed.at(-1)?.body, newCall);
    const call = aCall();
    assert.equal((await client.calls.get(call)).call_sid, call);
    assert.ok((await client.calls.list({ direction: 'inbound' })).some((each) => each.call_sid === call));
    assert.deepEqual(await client.calls.count(), { inbound: 1, outbound: 2 });
    await client.calls.mute(call, 'mute');
    assert.deepEqual(t.calls.updates.at(-1)?.body, { mute_status: 'mute' });
    await client.calls.redirect(call, 'http://other.example/');
    assert.deepEqual(t.calls.updates.at(-1)?.body, { call_hook: 'http://other.example/' });
    assert.deepEqual(await client.conferences.list(), ['standup']);
    assert.deepEqual(
      (await client.queues.list('s*es')).map(({ name }) => name),
      ['sales'],
    );
    await client.calls.delete(call);
    await assert.rejects(client.calls.get(call), /404/);
  });

  test(`@jambonz/node-client, base URL ${base || 'without a path'}`, async () => {
    const client = oldClient(t.one.account_sid, t.one.accountKey, { baseUrl: `${origin}${base}/v1` });
    assert.match(await client.calls.create(newCall), /^[0-9a-f-]{36}$/);
    const call = aCall();
    assert.equal((await client.calls.retrieve(call)).call_sid, call);
    assert.ok((await client.calls.list()).some((each) => each.call_sid === call));
    await client.calls.update(call, { call_status: 'completed' });
    assert.deepEqual(t.calls.updates.at(-1)?.body, { call_status: 'completed' });
    await client.calls.delete(call);
    await assert.rejects(client.calls.retrieve(call), /not found/);

    const hook = { url: 'http://app.example/' };
    const application = await client.applications.create({
      name: `old ${base}`,
      call_hook: hook,
      call_status_hook: hook,
    });
    assert.equal((await client.applications.retrieve(application)).name, `old ${base}`);
    assert.ok((await client.applications.list()).length > 0);
    await client.applications.delete(application);
    await assert.rejects(client.applications.retrieve(application), /not found/);
  });
}
