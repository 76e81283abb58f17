// Calls: that each request reaches the calls as the contract says, and each answer comes back in its shape.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TestApi, testApi } from '../../../test/kit/api.ts';
import { sid } from '../../../test/kit/records.ts';
import { refuse } from '../../base/index.ts';

let t: TestApi;
let call_sid = '';
let path = '';
before(async () => {
  t = await testApi();
  call_sid = sid();
  const { account_sid } = t.one;
  t.calls.records.set(call_sid, {
    call_sid,
    account_sid,
    direction: 'inbound',
    from: '+15551',
    to: '1',
    call_status: 'in-progress',
  });
  const other = sid();
  t.calls.records.set(other, {
    call_sid: other,
    account_sid,
    direction: 'outbound',
    from: '2',
    to: '3',
    call_status: 'completed',
  });
  path = `Accounts/${account_sid}/Calls`;
});
after(() => t.close());

test('create: for the account of the path, by its key or an admin’s, never a service provider’s', async () => {
  const body = { from: '1', to: { type: 'sip', sipUri: 'sip:a@b' }, call_hook: 'http://x' };
  for (const key of [t.one.accountKey, t.adminKey]) {
    const { status, json } = await t.request('POST', path, { key, body });
    assert.equal(status, 201);
    assert.deepEqual(Object.keys(json).sort(), ['callId', 'sid']);
  }
  assert.deepEqual(t.calls.placed[0], { accountSid: t.one.account_sid, body });
  const provider = await t.request('POST', path, { key: t.one.spKey, body });
  assert.deepEqual(
    [provider.status, provider.json.msg],
    [400, `unauthorized createCall request for account ${t.one.account_sid}`],
  );
  const refused = await t.request('POST', path, { key: t.one.accountKey, body: {} });
  assert.deepEqual(
    [refused.status, refused.json],
    [400, { msg: 'missing from parameter', code: 'bad-call', path: 'from' }],
  );
});

test('list and filters', async () => {
  const list = async (query: string, key = t.one.accountKey): Promise<number> =>
    (await t.request('GET', path + query, { key })).json.length;
  assert.equal(await list(''), 2);
  assert.equal(await list('/', t.one.spKey), 2);
  assert.equal(await list('?direction=inbound'), 1);
  assert.equal(await list('?from=%2B15551&to=1&callStatus=in-progress'), 1);
  assert.equal(await list('?direction=inbound&callStatus=completed'), 0);
  assert.equal(await list('?direction='), 0);
  const unknown = await t.request('GET', `Accounts/${sid()}/Calls`, { key: t.adminKey });
  assert.deepEqual([unknown.status, unknown.json], [200, []]);
});

test('retrieve', async () => {
  const found = await t.request('GET', `${path}/${call_sid}`, { key: t.one.accountKey });
  assert.deepEqual([found.status, found.json.call_sid], [200, call_sid]);
  assert.equal((await t.request('GET', `${path}/${sid()}`, { key: t.one.accountKey })).status, 404);
  assert.equal(
    (await t.request('GET', `Accounts/${t.one.sibling_sid}/Calls/${call_sid}`, { key: t.one.spKey })).status,
    404,
  );
});

test('update: PUT and POST, accepted or answered, refused with reason and path', async () => {
  const one = `${path}/${call_sid}`;
  const key = t.one.spKey;
  for (const method of ['PUT', 'POST']) {
    const accepted = await t.request(method, one, { key, body: { mute_status: 'mute' } });
    assert.deepEqual([accepted.status, accepted.text], [202, 'Accepted']);
    assert.deepEqual(t.calls.updates.pop(), { callSid: call_sid, body: { mute_status: 'mute' }, wait: false });
  }
  await t.request('PUT', `${one}?wait=true`, { key, body: { tag: {} } });
  assert.equal(t.calls.updates.pop()?.wait, true);
  assert.equal((await t.request('PUT', `${one}?wait=maybe`, { key, body: { tag: {} } })).status, 400);
  t.calls.answer = { status: 200, body: { status: 200, reason: 'OK' } };
  const answered = await t.request('PUT', one, { key, body: { sip_request: {} } });
  assert.deepEqual([answered.status, answered.json], [200, { status: 200, reason: 'OK' }]);
  t.calls.answer = refuse('no-media', 'the call has no media', { path: 'whisper' });
  const refused = await t.request('PUT', one, { key, body: { whisper: {} } });
  assert.deepEqual(
    [refused.status, refused.json],
    [422, { msg: 'the call has no media', code: 'no-media', path: 'whisper' }],
  );
  assert.equal((await t.request('PUT', `${path}/${sid()}`, { key, body: { tag: {} } })).status, 404);
  assert.equal((await t.request('PUT', one, { key, body: [] })).status, 400);
});

test('delete forgets, CallCount counts', async () => {
  assert.equal((await t.request('DELETE', `${path}/${call_sid}`, { key: t.one.accountKey })).status, 204);
  assert.equal((await t.request('DELETE', `${path}/${call_sid}`, { key: t.one.accountKey })).status, 404);
  const { json } = await t.request('GET', `Accounts/${t.one.account_sid}/CallCount`, { key: t.one.accountKey });
  assert.deepEqual(json, { inbound: 1, outbound: 2 });
});

test('queues with search, and conferences by name or with who is in them', async () => {
  const { account_sid, accountKey, siblingKey } = t.one;
  const of = (what: string, key = accountKey) => t.request('GET', `Accounts/${account_sid}/${what}`, { key });
  const names = async (query: string) => (await of(`Queues${query}`)).json.map((queue: { name: string }) => queue.name);
  assert.deepEqual(await names(''), ['support', 'sales']);
  assert.deepEqual(await names('?search=s*s'), ['sales']);
  assert.deepEqual(await names('?search=sal'), [], 'an exact name without a wildcard');
  assert.equal(typeof (await of('Queues')).json[0].length, 'number');
  assert.deepEqual((await of('Conferences')).json, ['standup']);
  const [expanded] = (await of('Conferences?expand=participants')).json;
  assert.deepEqual(expanded, { name: 'standup', id: `conf:${account_sid}:standup`, durationSec: 7, participants: [] });
  for (const what of ['Queues', 'Conferences']) assert.equal((await of(what, siblingKey)).status, 403);
});

test('conference listen: POST starts, DELETE ends; no such conference is 404, a wrong address 400', async () => {
  const { account_sid, accountKey: key, siblingKey } = t.one;
  const path = (name: string) => `Accounts/${account_sid}/Conferences/${name}/listen`;
  const body = { url: 'wss://fork.example/x', sampleRate: 16_000, metadata: { room: 'standup' } };
  assert.equal((await t.request('POST', path('standup'), { key, body })).status, 202);
  assert.deepEqual(t.calls.listening.get('standup'), body);
  assert.equal((await t.request('POST', path('standup'), { key, body: { url: 'ws://a/' } })).status, 202);
  assert.deepEqual(t.calls.listening.get('standup'), { url: 'ws://a/', sampleRate: 8_000, metadata: {} });
  for (const [wrong, at] of [
    [{ url: 'http://a/' }, 'url'],
    [{}, 'url'],
    [{ url: 'ws://a/', sampleRate: 11_025 }, 'sampleRate'],
    [{ url: 'ws://a/', gain: 3 }, 'gain'],
  ] as const) {
    const { status, json } = await t.request('POST', path('standup'), { key, body: wrong });
    assert.deepEqual([status, json.path], [400, at]);
  }
  assert.equal((await t.request('POST', path('other'), { key, body })).status, 404);
  assert.equal((await t.request('DELETE', path('standup'), { key: siblingKey })).status, 403);
  assert.equal((await t.request('DELETE', path('standup'), { key })).status, 204);
  assert.equal(t.calls.listening.size, 0);
});
