// RFC 3263 and RFC 2782: which addresses a URI leads to, and in what order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault, type Resolver, type SrvRecord } from '../base/index.ts';
import { seededRandom } from '../base/sim/index.ts';
import { isIpLiteral, type LocateContext, locate, orderSrv } from './locate.ts';
import { parseUri } from './message/index.ts';

interface Zone {
  srv?: Record<string, SrvRecord[]>;
  a?: Record<string, string[]>;
  aaaa?: Record<string, string[]>;
}

function context(zone: Zone, families: LocateContext['families'] = ['4']): LocateContext & { asked: string[] } {
  const asked: string[] = [];
  const ask = async <T>(type: string, name: string, records: Record<string, T[]> | undefined): Promise<T[]> => {
    asked.push(`${type} ${name}`);
    if (name.startsWith('failing')) throw new Error('SERVFAIL');
    return records?.[name] ?? [];
  };
  const resolver: Resolver = {
    srv: (name) => ask('SRV', name, zone.srv),
    a: (name) => ask('A', name, zone.a),
    aaaa: (name) => ask('AAAA', name, zone.aaaa),
  };
  return { resolver, random: seededRandom(1), families, asked };
}

const found = async (uri: string, ctx: LocateContext): Promise<string[]> =>
  (await locate(parseUri(uri), ctx)).map(({ transport, host, port }) => `${transport} ${host} ${port}`);

test('an address is taken as it is, with the default port and transport, without asking anybody', async () => {
  const ctx = context({});
  assert.deepEqual(await found('sip:a@192.0.2.1', ctx), ['udp 192.0.2.1 5060']);
  assert.deepEqual(await found('sip:a@192.0.2.1:5070;transport=TCP', ctx), ['tcp 192.0.2.1 5070']);
  assert.deepEqual(await found('sip:a@[2001:db8::1]', ctx), ['udp 2001:db8::1 5060']);
  assert.deepEqual(await found('sip:a@example.com;maddr=192.0.2.7', ctx), ['udp 192.0.2.7 5060']);
  assert.deepEqual(ctx.asked, []);
});

test('a name with a port is not looked for in SRV', async () => {
  const ctx = context({ a: { 'h.example': ['192.0.2.1', '192.0.2.2'] } });
  assert.deepEqual(await found('sip:h.example:5080', ctx), ['udp 192.0.2.1 5080', 'udp 192.0.2.2 5080']);
  assert.deepEqual(ctx.asked, ['A h.example']);
});

test('without a port: SRV of UDP, then of TCP, then the name itself', async () => {
  const target = { name: 'one.example.', port: 5090, priority: 1, weight: 1 };
  const a = { 'one.example': ['192.0.2.1'], 'h.example': ['192.0.2.9'] };
  assert.deepEqual(await found('sip:h.example', context({ a, srv: { '_sip._udp.h.example': [target] } })), [
    'udp 192.0.2.1 5090',
  ]);
  const tcp = context({ a, srv: { '_sip._tcp.h.example': [target] } });
  assert.deepEqual(await found('sip:h.example', tcp), ['tcp 192.0.2.1 5090']);
  assert.deepEqual(tcp.asked, ['SRV _sip._udp.h.example', 'SRV _sip._tcp.h.example', 'A one.example']);
  assert.deepEqual(await found('sip:h.example;transport=tcp', context({ a })), ['tcp 192.0.2.9 5060']);
});

test('both families in the order of preference; a target that fails leaves the others', async () => {
  const zone = {
    a: { 'h.example': ['192.0.2.1'] },
    aaaa: { 'h.example': ['2001:db8::1'] },
    srv: {
      '_sip._udp.s.example': [
        { name: 'failing.example', port: 5060, priority: 1, weight: 0 },
        { name: 'h.example', port: 5061, priority: 2, weight: 0 },
      ],
    },
  };
  assert.deepEqual(await found('sip:h.example:5060', context(zone, ['6', '4'])), [
    'udp 2001:db8::1 5060',
    'udp 192.0.2.1 5060',
  ]);
  assert.deepEqual(await found('sip:s.example', context(zone)), ['udp 192.0.2.1 5061']);
});

test('what cannot be found is a fault that says so', async () => {
  const none = { '_sip._udp.closed.example': [{ name: '.', port: 0, priority: 0, weight: 0 }] };
  for (const uri of [
    'sip:nowhere.example',
    'sip:failing.example:5060',
    'sip:closed.example',
    'sips:h.example',
    'tel:+1555',
    'sip:h.example;transport=ws',
  ]) {
    const fault = await found(uri, context({ srv: none })).catch((error: unknown) => error);
    assert.ok(isFault(fault) && fault.code === 'sip-dns', uri);
  }
});

test('SRV records: lower priority first, then by weight and chance', () => {
  const random = seededRandom(2);
  const record = (name: string, priority: number, weight: number): SrvRecord => ({ name, port: 1, priority, weight });
  const records = [record('backup', 20, 100), record('big', 10, 60), record('small', 10, 20), record('none', 10, 0)];
  const first: Record<string, number> = {};
  for (let i = 0; i < 8000; i++) {
    const order = orderSrv(records, random).map((one) => one.name);
    assert.equal(order[3], 'backup');
    assert.equal(new Set(order).size, 4);
    first[order[0]!] = (first[order[0]!] ?? 0) + 1;
  }
  const { big = 0, small = 0, none = 0 } = first;
  assert.ok(big > 5600 && big < 6200, `${big}`);
  assert.ok(small > 1800 && small < 2200, `${small}`);
  assert.ok(none > 30 && none < 200, `${none}`);
});

test('addresses are told from names', () => {
  for (const host of ['192.0.2.1', '0.0.0.0', '255.255.255.255', '::1', '2001:db8::192.0.2.1'])
    assert.ok(isIpLiteral(host), host);
  for (const host of ['example.com', '256.1.1.1', '1.2.3', '1.2.3.4.5', '1.2.3.', 'a.1.2.3', ''])
    assert.ok(!isIpLiteral(host), host);
});
