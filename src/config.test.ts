// Settings: defaults, every check, the typo guard, and documentation that is what the code does.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { isRefusal } from './base/index.ts';
import { type Config, configurationPage, readConfig } from './config.ts';

function good(env: Record<string, string>, argv: string[] = []): Config {
  const config = readConfig(env, argv);
  if (isRefusal(config)) assert.fail(config.reason);
  return config;
}

function bad(env: Record<string, string>, argv: string[] = []): string {
  const config = readConfig(env, argv);
  assert.ok(isRefusal(config), `accepted: ${JSON.stringify(env)}`);
  assert.ok(!config.reason.includes('\n'), 'one line');
  return config.reason;
}

test('defaults', () => {
  const config = good({ PATH: '/bin', CROSSPOINT_HTTP_PORT: '' });
  assert.equal(config.httpPort, 3000);
  assert.equal(config.sipPort, 5060);
  assert.equal(config.bind, '127.0.0.1');
  assert.equal(config.dataDir, resolve(import.meta.dirname, '../.crosspoint'));
  assert.equal(config.dev, false);
  assert.equal(config.json, false);
  assert.equal(config.databaseUrl, undefined);
  assert.ok(config.mediaWorkers >= 1);
});

test('the command line knows --json and --help only', () => {
  assert.equal(good({}, ['--json']).json, true);
  assert.equal(good({}, ['--help']).help, true);
  assert.match(bad({}, ['--jsn']), /--jsn is not an option/);
});

test('good values', () => {
  const cases: [string, string, keyof Config, unknown][] = [
    ['CROSSPOINT_HTTP_PORT', '0', 'httpPort', 0],
    ['CROSSPOINT_SIP_PORT', '65535', 'sipPort', 65_535],
    ['CROSSPOINT_BIND', '0.0.0.0', 'bind', '0.0.0.0'],
    ['CROSSPOINT_BIND', '[::1]', 'bind', '::1'],
    ['CROSSPOINT_ADVERTISE', 'sip.example.com', 'advertise', 'sip.example.com'],
    ['CROSSPOINT_ADVERTISE', '203.0.113.7', 'advertise', '203.0.113.7'],
    ['CROSSPOINT_DATA_DIR', '/var/lib/x', 'dataDir', '/var/lib/x'],
    ['CROSSPOINT_DATABASE_URL', 'postgresql://u:p@h/d', 'databaseUrl', 'postgresql://u:p@h/d'],
    ['CROSSPOINT_DEV', 'true', 'dev', true],
    ['CROSSPOINT_DEV', '0', 'dev', false],
    ['CROSSPOINT_LOG_LEVEL', 'debug', 'logLevel', 'debug'],
    ['CROSSPOINT_MEDIA_WORKERS', '2', 'mediaWorkers', 2],
    ['CROSSPOINT_HTTP_USER_AGENT_HEADER', '', 'httpUserAgent', ''],
    ['CROSSPOINT_WS_PING_INTERVAL_MS', '15000', 'wsPingIntervalMs', 15_000],
    ['CROSSPOINT_API_BASE_URL', 'https://x.example/v1', 'apiBaseUrl', 'https://x.example/v1'],
    ['JAMBONES_HTTP_TIMEOUT', '2500', 'httpTimeoutMs', 2500],
    ['JAMBONES_WEBHOOK_ERROR_RETURN', '503', 'webhookErrorStatus', 503],
  ];
  for (const [name, text, key, value] of cases) assert.deepEqual(good({ [name]: text })[key], value, `${name}=${text}`);
});

test('bad values name the variable and what it takes', () => {
  const cases: [string, string[]][] = [
    ['CROSSPOINT_HTTP_PORT', ['65536', '-1', '80 ', '0x50', '1e3', 'http', '99999999999']],
    ['CROSSPOINT_RTP_PORT_MIN', ['80', '65535']],
    ['CROSSPOINT_BIND', ['localhost', '1.2.3', '1.2.3.256', '::g', '1.2.3.4:5']],
    ['CROSSPOINT_ADVERTISE', ['a b', '-x.example', 'http://x', 'x..y']],
    ['CROSSPOINT_DATABASE_URL', ['mysql://h/d', 'h/d']],
    ['CROSSPOINT_DEV', ['2', 'maybe']],
    ['CROSSPOINT_MEDIA_WORKERS', ['0', '65', '1.5']],
    ['CROSSPOINT_LOG_LEVEL', ['trace', 'INFO']],
    ['CROSSPOINT_HTTP_TIMEOUT', ['0', '99', '120001', '10s']],
    ['CROSSPOINT_WEBHOOK_ERROR_RETURN', ['200', '700']],
    ['CROSSPOINT_HTTP_USER_AGENT_HEADER', ['a\r\nb', 'x'.repeat(257)]],
    ['CROSSPOINT_WS_PING_INTERVAL_MS', ['1', '14999']],
    ['CROSSPOINT_API_BASE_URL', ['x.example', 'ftp://x']],
  ];
  for (const [name, texts] of cases)
    for (const text of texts) assert.match(bad({ [name]: text }), new RegExp(`^${name}: .* is not valid; it takes .`));
});

test('a bad alias is named as it was written, and loses to our name', () => {
  assert.match(bad({ JAMBONES_HTTP_TIMEOUT: 'x' }), /^JAMBONES_HTTP_TIMEOUT: /);
  const both = { JAMBONES_HTTP_TIMEOUT: 'x', CROSSPOINT_HTTP_TIMEOUT: '3000' };
  assert.equal(good(both).httpTimeoutMs, 3000);
});

test('the RTP ports are a range, or both 0', () => {
  const range = (min: string, max: string) => ({ CROSSPOINT_RTP_PORT_MIN: min, CROSSPOINT_RTP_PORT_MAX: max });
  assert.equal(good(range('0', '0')).rtpPortMax, 0);
  assert.equal(good(range('30000', '30001')).rtpPortMin, 30_000);
  for (const [min, max] of [
    ['0', '30000'],
    ['30000', '0'],
    ['30000', '30000'],
    ['30001', '30000'],
  ] as const)
    assert.match(bad(range(min, max)), /CROSSPOINT_RTP_PORT_MIN .* no range/);
});

test('the phone gateway', () => {
  const gateway = (text: string) => good({ CROSSPOINT_PHONE_GATEWAY: text }).phoneGateway;
  const plain = { user: undefined, password: undefined, host: 'gw.example', port: undefined, transport: 'udp' };
  assert.deepEqual(gateway('sip:gw.example'), plain);
  assert.deepEqual(gateway('sip:u:p%40@192.0.2.1:5080;transport=tcp'), {
    user: 'u',
    password: 'p@',
    host: '192.0.2.1',
    port: 5080,
    transport: 'tcp',
  });
  assert.deepEqual(gateway('sip:u@[2001:db8::1]:5080'), { ...plain, user: 'u', host: '2001:db8::1', port: 5080 });
  for (const text of [
    'gw.example',
    'sips:gw.example',
    'sip:',
    'sip:gw:0',
    'sip:gw;transport=tls',
    'sip:a:b@',
    'sip:%zz@gw',
  ])
    assert.match(bad({ CROSSPOINT_PHONE_GATEWAY: text }), /CROSSPOINT_PHONE_GATEWAY: its value/);
});

test('values that may hold a password are never repeated', () => {
  for (const name of ['CROSSPOINT_PHONE_GATEWAY', 'CROSSPOINT_DATABASE_URL'])
    assert.ok(!bad({ [name]: 'x:hunter2@' }).includes('hunter2'));
});

test('a misspelt setting is an error that names the nearest one', () => {
  assert.match(bad({ CROSSPOINT_HTPP_PORT: '1' }), /CROSSPOINT_HTPP_PORT .*did you mean CROSSPOINT_HTTP_PORT\?/);
  assert.match(bad({ CROSSPOINT_SOMETHING_ELSE_ENTIRELY: '1' }), /docs\/configuration\.md/);
  good({ JAMBONES_NETWORK_CIDR: '10.0.0.0/8', CROSSPOINTS: 'x' });
});

test('docs/configuration.md is generated from the table (npm run golden)', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../docs/configuration.md'), 'utf8');
  assert.equal(page, configurationPage());
});
