// Bodies of create-call: what each becomes, and the field of each that cannot be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../../base/index.ts';
import type { Account, Application } from '../../store/index.ts';
import { type CreateContext, readCreate } from './create.ts';

const sid = (n: number): string => `${n}`.repeat(8).concat(`-1111-4111-8111-${`${n}`.repeat(12)}`);
const hook = (path: string) => ({ url: `http://app.example${path}`, method: 'POST', username: null, password: null });
const applications: Record<string, Partial<Application>> = {
  [sid(1)]: { account_sid: 'account', call_hook: hook('/'), call_status_hook: hook('/status') },
  [sid(2)]: { account_sid: 'another', call_hook: hook('/') },
  [sid(3)]: { account_sid: 'account', call_hook: null, app_json: null },
  [sid(4)]: { account_sid: 'account', call_hook: null, app_json: '[]' },
};
const context: CreateContext = {
  account: { account_sid: 'account' } as Account,
  gateway: { host: 'gw', port: undefined, transport: 'udp', user: undefined, password: undefined },
  localHost: '10.0.0.1',
  application: async (key) => applications[key] as Application | undefined,
  parse: () => [],
};
const bare = { from: '123', to: { type: 'sip', sipUri: 'sip:a@h' } };
const good = { ...bare, application_sid: sid(1) };
const amd = { actionHook: '/amd' };
const own = { ...bare, call_hook: 'http://x/' };

for (const [body, http, path] of [
  [null, 400, undefined],
  [[], 400, undefined],
  [{}, 400, 'from'],
  [{ ...good, nonsense: 1 }, 400, 'nonsense'],
  [{ ...good, amd: { ...amd, recognizer: { language: 'en-US' } } }, 400, 'amd.recognizer'],
  [{ ...good, amd }, 400, 'amd.recognizer'],
  [{ ...own, speech_recognizer_vendor: 5 }, 400, 'speech_recognizer_vendor'],
  [{ ...good, dual_streams: true }, 422, 'dual_streams'],
  [{ ...good, from: '' }, 400, 'from'],
  [{ ...good, from: 'a\r\nb' }, 400, 'from'],
  [{ ...good, from: '1'.repeat(257) }, 400, 'from'],
  [{ ...good, from: '\ud800' }, 400, 'from'],
  [{ ...good, callerName: 'a"b' }, 400, 'callerName'],
  [{ ...good, fromHost: 7 }, 400, 'fromHost'],
  [{ ...good, fromHost: 'a b' }, 400, 'fromHost'],
  [{ ...good, fromHost: '::' }, 400, 'fromHost'],
  [{ ...good, tag: [] }, 400, 'tag'],
  [{ ...good, headers: 'x' }, 400, 'headers'],
  [{ ...good, headers: { 'X A': 'b' } }, 400, 'headers.X A'],
  [{ ...good, headers: { 'X-A': 'b\nc' } }, 400, 'headers.X-A'],
  [{ ...good, headers: { 'X-A': {} } }, 400, 'headers.X-A'],
  [{ ...good, timeout: 0 }, 400, 'timeout'],
  [{ ...good, timeout: '60' }, 400, 'timeout'],
  [{ ...good, timeLimit: 86_401 }, 400, 'timeLimit'],
  [{ ...good, to: undefined }, 400, 'to'],
  [{ ...good, to: { type: 'fax', number: '1' } }, 400, 'to'],
  [{ ...good, to: { type: 'user', name: 'bob' } }, 422, 'to.type'],
  [{ ...good, to: { type: 'phone', number: '1 2' } }, 400, 'to.number'],
  [{ ...good, to: { ...bare.to, auth: { username: 'a' } } }, 400, 'to.auth'],
  [{ ...good, to: { ...bare.to, proxy: 7 } }, 400, 'to.proxy'],
  [{ ...good, to: { ...bare.to, proxy: 'sip:' } }, 400, 'to.proxy'],
  [{ ...good, to: { ...bare.to, headers: { 'X-A': '\r' } } }, 400, 'to.headers.X-A'],
  [{ ...good, application_sid: 'x' }, 400, 'application_sid'],
  [{ ...good, application_sid: sid(2) }, 400, 'application_sid'],
  [{ ...good, application_sid: sid(3) }, 400, 'application_sid'],
  [bare, 400, 'call_hook'],
  [{ ...bare, call_hook: '/relative' }, 400, 'call_hook'],
  [{ ...bare, call_hook: { method: 'POST' } }, 400, 'call_hook'],
  [{ ...own, call_status_hook: 'ftp://x' }, 400, 'call_status_hook'],
  [{ ...own, app_json: [] }, 400, 'app_json'],
  [{ ...own, speech_synthesis_vendor: 'flite' }, 400, 'speech_synthesis_language'],
] as [unknown, number, string | undefined][]) {
  test(`refused at ${path}: ${JSON.stringify(body)?.slice(0, 100)}`, async () => {
    const refusal = await readCreate(body, context);
    assert.ok(isRefusal(refusal), JSON.stringify(refusal));
    assert.deepEqual([refusal.http, refusal.path], [http, path]);
    assert.ok(!/undefined|\[object/.test(refusal.reason), refusal.reason);
  });
}

test('an application brings its hooks; null fields count as absent', async () => {
  const call = await readCreate({ ...good, tag: null, timeout: null, callerName: null }, context);
  assert.ok(!isRefusal(call));
  const bareHook = (path: string) => ({ url: `http://app.example${path}`, method: 'POST' });
  assert.deepEqual(
    [call.callHook, call.statusHook, call.tag, call.timeoutMs],
    [bareHook('/'), bareHook('/status'), undefined, undefined],
  );
  assert.deepEqual(call.target, { uri: 'sip:a@h', to: 'sip:a@h', fromUri: 'sip:123@10.0.0.1', headers: {} });
});

test('amd: a recognizer of its own, or of the call', async () => {
  const speech = {
    speech_synthesis_vendor: 'flite',
    speech_synthesis_language: 'en-US',
    speech_synthesis_voice: 'slt',
    speech_recognizer_vendor: 'test',
    speech_recognizer_language: 'en-US',
  };
  for (const body of [
    { ...good, amd: { ...amd, recognizer: { vendor: 'test' } } },
    { ...own, ...speech, amd },
    { ...own, ...speech, amd: { ...amd, recognizer: { vendor: 'default' } } },
  ]) {
    const call = await readCreate(body, context);
    assert.ok(!isRefusal(call), JSON.stringify(call));
    assert.deepEqual(call.amd, body.amd);
  }
});

test('stored verbs need no call_hook', async () => {
  const call = await readCreate({ ...good, application_sid: sid(4) }, context);
  assert.ok(!isRefusal(call));
  assert.deepEqual([call.callHook, call.appJson], ['', '[]']);
});

test('hooks of the body keep their credentials, seconds become milliseconds, headers text', async () => {
  const call = await readCreate(
    {
      ...bare,
      from: '+1 5',
      fromHost: 'my.host:5070',
      callerName: 'Me',
      call_hook: { url: 'wss://x/ws', username: 'u', password: 'p' },
      call_status_hook: 'https://x/status',
      timeout: 5,
      timeLimit: 60,
      headers: { 'X-A': 1 },
      to: { ...bare.to, headers: { 'X-B': 'b' } },
      sipRequestWithinDialogHook: '/request',
    },
    context,
  );
  assert.ok(!isRefusal(call));
  assert.deepEqual(call.callHook, { url: 'wss://x/ws', method: 'POST', username: 'u', password: 'p' });
  assert.deepEqual(call.statusHook, { url: 'https://x/status', method: 'POST' });
  assert.deepEqual([call.timeoutMs, call.timeLimitMs, call.sipRequestHook], [5_000, 60_000, '/request']);
  assert.deepEqual(call.target.headers, { 'X-A': '1', 'X-B': 'b' });
  assert.equal(call.target.fromUri, 'sip:+1%205@my.host:5070');
  assert.equal(call.target.displayName, 'Me');
});
