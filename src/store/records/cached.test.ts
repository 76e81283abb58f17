// The short memory of records: quick for a rush of calls, never wrong about this node's own changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../base/sim/index.ts';
import type { Account } from '../types.ts';
import { cacheRecords } from './cached.ts';
import { memoryRecords } from './memory.ts';

async function setting() {
  const clock = new VirtualClock();
  const records = memoryRecords();
  const created_at = '2026-03-01T08:00:00.000Z';
  await records.serviceProviders.insert({
    service_provider_sid: 'p',
    name: 'p',
    description: null,
    root_domain: null,
    created_at,
  });
  const account = {
    account_sid: 'a',
    service_provider_sid: 'p',
    name: 'one',
    sip_realm: null,
    webhook_secret: 's',
    is_active: true,
    device_calling_application_sid: null,
    siprec_hook_sid: null,
    created_at,
  } as Account;
  await records.accounts.insert(account);
  let reads = 0;
  const get = records.accounts.get.bind(records.accounts);
  records.accounts.get = (sid) => {
    reads++;
    return get(sid);
  };
  return { clock, records, cached: cacheRecords(records, clock), reads: () => reads };
}

test('a record is read once a second', async () => {
  const s = await setting();
  for (let i = 0; i < 5; i++) assert.equal((await s.cached.accounts.get('a'))?.name, 'one');
  assert.equal(s.reads(), 1);
  await s.clock.runFor(1_001);
  await s.cached.accounts.get('a');
  assert.equal(s.reads(), 2);
});

test('a change through this node is seen by the next read, also by one that overlaps it', async () => {
  const s = await setting();
  await s.cached.accounts.get('a');
  await s.cached.accounts.update('a', { name: 'two' });
  assert.equal((await s.cached.accounts.get('a'))?.name, 'two');
  await s.clock.runFor(2_000);
  const overlapping = s.cached.accounts.get('a');
  await s.cached.accounts.update('a', { name: 'three' });
  await overlapping;
  assert.equal((await s.cached.accounts.get('a'))?.name, 'three');
});

test('an absent record is asked for each time', async () => {
  const s = await setting();
  assert.equal(await s.cached.accounts.get('nobody'), undefined);
  assert.equal(await s.cached.accounts.get('nobody'), undefined);
  assert.equal(s.reads(), 2);
});
