// The greeting: it says how to reach the server, and its lines for a shell do what they say.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { Config } from './config.ts';
import { greeting, type Ready } from './greeting.ts';
import type { Seed } from './seed.ts';
import { reachable } from './server.ts';

const ready = (http = 'http://127.0.0.1:3000'): Ready => ({
  http,
  sip: { udp: '127.0.0.1:5060', tcp: '127.0.0.1:5060' },
  account_sid: 'the-account',
  account_api_key: 'the-key',
  service_provider_sid: 'sp',
  sp_api_key: 'sp-key',
  admin_api_key: 'admin-key',
  sip_realm: 'realm',
});
const seedOf = (fresh: boolean, keysFile = '/data/keys.json') =>
  ({ fresh, keysFile, keys: { admin_user: 'admin', admin_password: 'pw' } }) as Seed;
const greeted = (line: Ready, seed: Seed, bind: string): string =>
  greeting(line, { seed, config: { bind, dataDir: '/data' } as Config, sip: '192.0.2.1:5060' });

test('it says whether other machines may call, and what lets them', () => {
  const closed = greeted(ready(), seedOf(true), '127.0.0.1');
  assert.match(closed, /sip:demo@192\.0\.2\.1:5060 .*on this machine/);
  assert.match(closed, /CROSSPOINT_BIND=0\.0\.0\.0/);
  assert.doesNotMatch(greeted(ready(), seedOf(true), '0.0.0.0'), /this machine|CROSSPOINT_BIND/);
});

test('a demo that was removed is not offered', () => {
  const seed = seedOf(true);
  const without = { ...seed, keys: { ...seed.keys, demo_application_sid: null } };
  assert.match(greeted(ready(), without, '127.0.0.1'), /sip:app-<application_sid>@192/);
});

test('keys are shown once', () => {
  assert.match(greeted(ready(), seedOf(true), '127.0.0.1'), /the-key.*sp-key.*admin-key.*pw/s);
  assert.doesNotMatch(greeted(ready(), seedOf(false), '127.0.0.1'), /the-key|sp-key|admin-key|pw/);
});

test('who listens everywhere is found on loopback from here, and elsewhere where it is advertised', () => {
  const settings = { bind: '0.0.0.0', advertise: '203.0.113.9' } as Config;
  for (const [host, from, found] of [
    ['0.0.0.0', 'here', '127.0.0.1'],
    ['::', 'here', '::1'],
    ['0.0.0.0', 'elsewhere', '203.0.113.9'],
    ['10.0.0.1', 'elsewhere', '10.0.0.1'],
  ] as const)
    assert.deepEqual(reachable(settings, { host, port: 1 }, from), { host: found, port: 1 });
});

/** A server that has these calls; what was asked of it. */
async function apiWith(t: TestContext, calls: object[]): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.end(JSON.stringify(calls));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const noCurl = spawnSync('curl', ['--version']).error !== undefined && 'curl is not installed';

async function runPrinted(text: string): Promise<void> {
  const from = text.indexOf('KEY=');
  await promisify(execFile)('sh', ['-c', text.slice(from, text.indexOf('Stop with'))]);
}

test('the printed lines update the latest live call, also with keys from a file whose name needs quotes', {
  skip: noCurl,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "crosspoint it's "));
  t.after(() => rm(folder, { recursive: true }));
  const keysFile = join(folder, 'keys.json');
  await writeFile(keysFile, JSON.stringify({ account_api_key: 'the-key', other: 1 }, null, 2));
  for (const seed of [seedOf(true), seedOf(false, keysFile)]) {
    const { url, asked } = await apiWith(t, [
      { account_sid: 'a', call_sid: 'older' },
      { account_sid: 'a', call_sid: 'latest', parent_call_sid: 'p' },
    ]);
    await runPrinted(greeted(ready(url), seed, '127.0.0.1'));
    assert.deepEqual(asked, [
      'GET /v1/Accounts/the-account/Calls?callStatus=in-progress Bearer the-key',
      'PUT /v1/Accounts/the-account/Calls/latest Bearer the-key',
    ]);
  }
});

test('the printed lines without a live call ask for none', { skip: noCurl }, async (t) => {
  const { url, asked } = await apiWith(t, []);
  await runPrinted(greeted(ready(url), seedOf(true), '127.0.0.1'));
  assert.equal(asked[1], 'PUT /v1/Accounts/the-account/Calls/ Bearer the-key');
});
