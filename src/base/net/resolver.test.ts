// DNS against a server of our own: answers, absent names, failures, and the hosts file.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { type Network, realClock } from '../index.ts';
import { realNetwork } from './index.ts';

const [typeA, typeAaaa, typeSrv] = [1, 28, 33];
let server: Socket;
let network: Network;
const folder = mkdtempSync(join(tmpdir(), 'crosspoint-dns-'));

/** A name as RFC 1035 3.1 has it: labels with their lengths. */
const labels = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.alloc(1),
  ]);

function srvData(priority: number, weight: number, port: number, target: string): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(priority, 0);
  head.writeUInt16BE(weight, 2);
  head.writeUInt16BE(port, 4);
  return Buffer.concat([head, labels(target)]);
}

const zone: Record<string, Buffer[]> = {
  [`sip.test ${typeA}`]: [Buffer.from([192, 0, 2, 1]), Buffer.from([192, 0, 2, 2])],
  [`sip.test ${typeAaaa}`]: [Buffer.from('20010db8000000000000000000000001', 'hex')],
  [`_sip._udp.sip.test ${typeSrv}`]: [srvData(10, 60, 5060, 'sip.test'), srvData(20, 0, 5070, 'backup.test')],
  [`empty.test ${typeA}`]: [],
};

/** The answer to a query (RFC 1035 4.1): the question again, then the records. */
function answer(query: Buffer): Buffer {
  let end = 12;
  const parts: string[] = [];
  for (let length = query[end]!; length > 0; length = query[end]!) {
    parts.push(query.toString('latin1', end + 1, end + 1 + length));
    end += length + 1;
  }
  const type = query.readUInt16BE(end + 1);
  const name = parts.join('.').toLowerCase();
  const records = zone[`${name} ${type}`];
  const known = Object.keys(zone).some((key) => key.startsWith(`${name} `));
  const head = Buffer.from(query.subarray(0, 12));
  const code = name === 'broken.test' ? 2 : known ? 0 : 3;
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(records?.length ?? 0, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  const body = (records ?? []).map((data) => {
    const fixed = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]);
    return Buffer.concat([fixed, data]);
  });
  return Buffer.concat([head, query.subarray(12, end + 5), ...body]);
}

before(async () => {
  server = createSocket('udp4');
  server.on('message', (query, from) => server.send(answer(query), from.port, from.address));
  await new Promise<void>((done) => server.bind(0, '127.0.0.1', done));
  const hostsFile = join(folder, 'hosts');
  writeFileSync(hostsFile, '# comment\n192.0.2.9  Printer.Test printer # the printer\n2001:db8::9 printer.test\n');
  network = realNetwork({ clock: realClock(), dns: { servers: [`127.0.0.1:${server.address().port}`], hostsFile } });
});

after(async () => {
  await network.close();
  server.close();
  rmSync(folder, { recursive: true });
});

it('finds addresses and services', async () => {
  assert.deepEqual((await network.resolver.a('sip.test')).sort(), ['192.0.2.1', '192.0.2.2']);
  assert.deepEqual(await network.resolver.aaaa('sip.test'), ['2001:db8::1']);
  const services = (await network.resolver.srv('_sip._udp.sip.test')).sort((a, b) => a.priority - b.priority);
  assert.deepEqual(services, [
    { name: 'sip.test', port: 5060, priority: 10, weight: 60 },
    { name: 'backup.test', port: 5070, priority: 20, weight: 0 },
  ]);
});

it('gives an empty list for what is absent, and a fault for a failing server', async () => {
  assert.deepEqual(await network.resolver.a('absent.test'), []);
  assert.deepEqual(await network.resolver.a('empty.test'), []);
  assert.deepEqual(await network.resolver.srv('_sip._tcp.sip.test'), []);
  await assert.rejects(network.resolver.a('broken.test'), { code: 'dns-failed', retryable: true });
});

it('believes the hosts file first', async () => {
  assert.deepEqual(await network.resolver.a('printer'), ['192.0.2.9']);
  assert.deepEqual(await network.resolver.a('PRINTER.test.'), ['192.0.2.9']);
  assert.deepEqual(await network.resolver.aaaa('printer.test'), ['2001:db8::9']);
});
