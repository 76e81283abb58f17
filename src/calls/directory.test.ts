// Where calls are found: alive, ended, unlisted; and by Call-ID, also when one is used twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../base/index.ts';
import { VirtualClock } from '../base/sim/index.ts';
import type { Call } from './call.ts';
import { Directory } from './directory.ts';
import { callLimit, endedCallKeptMs, endedCallsKept, partingMs } from './limits.ts';

const account = 'account';
let made = 0;

interface Fake {
  call: Call;
  end(): void;
}

function fake(facts: { callSid?: string; callId?: string; direction?: string; accountSid?: string } = {}): Fake {
  const call = {
    ended: false,
    facts: {
      callSid: `sid-${++made}`,
      callId: `id-${made}`,
      accountSid: account,
      direction: 'inbound',
      callStatus: 'in-progress',
      ...facts,
    },
    get sid() {
      return this.facts.callSid;
    },
  };
  const end = (): void => {
    call.ended = true;
  };
  return { call: call as unknown as Call, end };
}

const sipOf = (directory: Directory): number | undefined => directory.admits?.sip;
const status = (found: unknown): number | undefined => (isRefusal(found) ? found.http : undefined);

test('a call is found while it lives, is 422 from its end on, and 404 for strangers', () => {
  const directory = new Directory(new VirtualClock());
  const { call, end } = fake();
  directory.add(call);
  assert.equal(directory.find(account, call.sid), call);
  assert.equal(status(directory.find('another account', call.sid)), 404);
  assert.equal(status(directory.find(account, 'unknown')), 404);
  end();
  assert.equal(status(directory.find(account, call.sid)), 422);
  directory.remove(call);
  assert.equal(status(directory.find(account, call.sid)), 422);
  assert.equal(status(directory.find('another account', call.sid)), 404);
  assert.equal(directory.facts(account, call.sid), call.facts);
  assert.equal(directory.facts('another account', call.sid), undefined);
});

test('only calls that have not ended count as live', () => {
  const directory = new Directory(new VirtualClock());
  const one = fake();
  directory.add(one.call);
  directory.add(fake({ direction: 'outbound' }).call);
  directory.add(fake({ accountSid: 'b' }).call);
  assert.deepEqual(directory.count(undefined), { inbound: 2, outbound: 1 });
  assert.deepEqual(directory.count(account), { inbound: 1, outbound: 1 });
  one.end();
  assert.deepEqual(directory.count(account), { inbound: 0, outbound: 1 });
  assert.equal(directory.size, 3, 'something is left of it');
});

test('a Call-ID that is used again leads to the newer call, also when the older one goes', () => {
  const directory = new Directory(new VirtualClock());
  const [first, second] = [fake({ callId: 'same' }).call, fake({ callId: 'same' }).call];
  for (const call of [first, second]) {
    directory.add(call);
    directory.knowCallId(call);
  }
  directory.remove(first);
  assert.equal(directory.byCallId('same'), second);
  directory.remove(second);
  assert.equal(directory.byCallId('same'), undefined);
});

test('a record that is deleted stays deleted, and the call goes on', () => {
  const directory = new Directory(new VirtualClock());
  const { call } = fake();
  directory.add(call);
  assert.equal(directory.forget('another account', call.sid), false);
  assert.equal(directory.forget(account, call.sid), true);
  assert.equal(directory.forget(account, call.sid), false);
  assert.equal(directory.get(call.sid), call);
  assert.deepEqual(directory.list(account), []);
  assert.equal(status(directory.find(account, call.sid)), 404);
  directory.remove(call);
  assert.deepEqual(directory.list(account), []);
  const ended = fake().call;
  directory.add(ended);
  directory.remove(ended);
  assert.equal(directory.forget(account, ended.sid), true);
  assert.equal(directory.facts(account, ended.sid), undefined);
});

test('ended calls are kept for a time and up to a number', async () => {
  const clock = new VirtualClock();
  const directory = new Directory(clock);
  const calls = Array.from({ length: endedCallsKept + 1 }, () => fake().call);
  for (const call of calls) directory.remove(call);
  assert.equal(directory.list(account).length, endedCallsKept);
  assert.equal(directory.facts(account, calls[0]!.sid), undefined);
  await clock.runFor(endedCallKeptMs + 1);
  directory.remove(fake().call);
  assert.equal(directory.list(account).length, 1);
});

test('a full node and one that stops admit no call', async () => {
  const clock = new VirtualClock();
  const directory = new Directory(clock);
  assert.equal(sipOf(directory), undefined);
  for (let i = 0; i < callLimit; i++) directory.add(fake().call);
  assert.equal(sipOf(directory), 503);
  const empty = new Directory(clock);
  const hung: string[] = [];
  const stuck = {
    ...fake().call,
    sid: 'stuck',
    leg: { answered: true },
    turn: (_: string, fn: () => void) => fn(),
    conclude: ({ reason }: { reason: string }) => hung.push(reason),
    gone: () => new Promise(() => {}),
  } as unknown as Call;
  empty.add(stuck);
  const started = clock.now();
  await clock.settle(empty.close());
  assert.deepEqual([hung, clock.now() - started], [['Server Shutdown'], partingMs]);
  assert.equal(sipOf(empty), 503);
});
