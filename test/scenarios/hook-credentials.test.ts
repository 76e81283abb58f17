// Basic credentials of hooks: sent to that hook's origin, to no other, and not onwards by a redirect of the call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimHttpRequest } from '../../src/base/sim/index.ts';
import { Stage } from '../../src/rehearsal/stage.ts';
import { scene, sidOf } from '../kit/scene.ts';

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

test("each origin sees its own credentials and nobody else's", async () => {
  const stage = await Stage.open({ seed: 1 });
  const seen: [string, string | undefined][] = [];
  const answers: Record<string, unknown[]> = {
    'http://app.example/': [
      { verb: 'tag', data: { a: 1 } },
      { verb: 'redirect', actionHook: 'http://second.example/start' },
    ],
    'http://second.example/start': [
      { verb: 'answer' },
      { verb: 'gather', numDigits: 1, timeout: 1, actionHook: '/relative' },
    ],
    'http://second.example/relative': [
      { verb: 'gather', timeout: 1, actionHook: { url: 'http://third.example/own', username: 'c', password: '3' } },
    ],
    'http://third.example/own': [{ verb: 'gather', timeout: 1, actionHook: 'http://app.example/back' }],
    'http://app.example/back': [{ verb: 'play', url: 'http://third.example/a.wav' }, { verb: 'hangup' }],
  };
  const serve = (origin: string): void => {
    stage.net.serveHttp(origin, (request: SimHttpRequest) => {
      const url = origin + request.path;
      seen.push([url, request.headers.authorization as string | undefined]);
      return { body: JSON.stringify(answers[url] ?? []), headers: { 'content-type': 'application/json' } };
    });
  };
  for (const name of ['app', 'second', 'third', 'status']) serve(`http://${name}.example`);
  const app = await stage.application({
    call_hook: { url: 'http://app.example/', method: 'POST', username: 'a', password: '1' },
    call_status_hook: { url: 'http://status.example/', method: 'POST', username: 's', password: '9' },
  });
  const phone = await stage.phone();
  const call = await phone.call(stage.uriOf(app));
  await stage.clock.settle(call.over, 30_000);
  await stage.clock.runFor(1_000);
  const of = (url: string): (string | undefined)[] => seen.filter(([u]) => u === url).map(([, a]) => a);
  assert.deepEqual(of('http://app.example/'), [basic('a', '1')]);
  assert.deepEqual(of('http://second.example/start'), [undefined]);
  assert.deepEqual(of('http://second.example/relative'), [undefined]);
  assert.deepEqual(of('http://third.example/own'), [basic('c', '3')]);
  assert.deepEqual(of('http://third.example/a.wav'), [undefined]);
  assert.deepEqual([...new Set(of('http://status.example/'))], [basic('s', '9')]);
  for (const authorization of of('http://app.example/back'))
    assert.ok(authorization === undefined || authorization === basic('a', '1'));
  assert.equal(of('http://app.example/back').length, 1);
  await stage.close();
});

test("credentials of an update's call_hook go to that hook only", async () => {
  const stage = await Stage.open({ seed: 1 });
  const seen: [string, string | undefined][] = [];
  for (const origin of ['http://app.example', 'http://other.example']) {
    stage.net.serveHttp(origin, (request: SimHttpRequest) => {
      seen.push([origin + request.path, request.headers.authorization as string | undefined]);
      const verbs =
        request.path === '/next' ? [{ verb: 'pause', length: 1 }] : [{ verb: 'answer' }, { verb: 'pause', length: 9 }];
      return { body: JSON.stringify(verbs), headers: { 'content-type': 'application/json' } };
    });
  }
  const app = await stage.application({
    call_hook: { url: 'http://app.example/', method: 'POST', username: 'a', password: '1' },
  });
  const phone = await stage.phone();
  const call = await phone.call(stage.uriOf(app));
  await stage.clock.settle(call.answered);
  const sid = call.finalResponse?.header('X-Call-Sid') ?? '';
  const update = (call_hook: unknown) =>
    stage.clock.settle(stage.house.calls.update(stage.account.account_sid, sid, { call_hook }, { wait: true }));
  await update('http://other.example/next');
  await update({ url: 'http://other.example/next', username: 'o', password: '2' });
  await update('/next');
  await stage.clock.runFor(3_000);
  assert.deepEqual(seen.slice(1), [
    ['http://other.example/next', undefined],
    ['http://other.example/next', basic('o', '2')],
    ['http://app.example/next', basic('a', '1')],
  ]);
  await stage.close();
});

test('what opens an audio file is in no event, and so in no log', async () => {
  const url = 'http://anna:secret@files.example/a.wav?signature=secret';
  const s = await scene({ '/': [{ verb: 'play', url }, { verb: 'hangup' }] });
  const call = await s.dial();
  await s.run(3_000);
  const [finished] = s.stage.eventsOf(sidOf(call), 'play-finished');
  assert.deepEqual([finished?.reason, finished?.what], ['failed', ['http://files.example/a.wav?…']]);
  assert.doesNotMatch(JSON.stringify(s.stage.eventsOf(sidOf(call))), /secret/);
  await s.end();
});
