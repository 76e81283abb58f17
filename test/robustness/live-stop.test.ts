// The program stops, or is killed, while bridges, rooms, queues, streams and recordings are alive: everybody is hung up, recordings are whole.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { Parties, song } from '../kit/parties.ts';
import { type Program, startProgram } from '../kit/program.ts';
import { type Channels, channels } from '../kit/recorded.ts';
import { folderFor, stopped } from '../kit/start-and-stop.ts';
import { sineDb } from '../kit/ua/g711.ts';
import { hears } from '../kit/ua/judge.ts';
import type { UaCall } from '../kit/ua/ua.ts';
import { pause, until } from '../kit/until.ts';

const { alice: aliceHz, bob: bobHz, carol: carolHz } = song;
const tone = 'tone_stream://v=-13;%(60000,0,1900)';
const record = { record: { action: 'startCallRecording', type: 'cloud' } };

/** A server that takes a call's sound; answers its address, and how many connections are open. */
async function listener(t: TestContext): Promise<{ url: string; open(): number }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: ([first]) => first ?? false });
  await once(server, 'listening');
  t.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}/`, open: () => server.clients.size };
}

interface Lively {
  parties: Parties;
  calls: { call: UaCall; sid: string }[];
  /** Recorded calls: sid, and the tones of its left and right side. */
  recorded: { sid: string; left: number; right: number }[];
}

/** Calls of every shape, two of them recorded. */
async function lively(t: TestContext, dataDir: string, url: string): Promise<Lively> {
  const parties = await Parties.open({}, dataDir);
  t.after(() => parties.program.kill());
  await parties.program.api('PUT', `/Accounts/${parties.program.ready.account_sid}`, { record_format: 'wav' });
  const calls: UaCall[] = [];
  const bridge = await parties.bridged({ listen: { url } });
  await hears(bridge.alice, bobHz);
  const verbs = {
    conference: { verb: 'conference', name: 'hall', startConferenceOnEnter: true },
    enqueue: { verb: 'enqueue', name: 'support', waitHook: '/wait' },
    gather: { verb: 'gather', input: ['digits'], timeout: 60, actionHook: '/digits', play: { url: tone } },
    listen: { verb: 'listen', url },
  };
  parties.hooks.replies['/wait'] = [{ verb: 'play', url: tone }];
  const hall: UaCall[] = [];
  for (const who of ['alice', 'bob', 'carol'] as const) hall.push(await parties.call(who, { '/': [verbs.conference] }));
  for (const verb of [verbs.enqueue, verbs.enqueue, verbs.gather, verbs.listen])
    calls.push(await parties.call('carol', { '/': [verb] }));
  await hears(hall[0]!, carolHz);
  for (const sid of [bridge.aliceSid, hall[1]!.callSid]) await parties.update(sid, record, true);
  return {
    parties,
    calls: [bridge.alice, bridge.bob, ...hall, ...calls].map((call) => ({ call, sid: call.callSid })),
    recorded: [
      { sid: bridge.aliceSid, left: aliceHz, right: bobHz },
      { sid: hall[1]!.callSid, left: bobHz, right: carolHz },
    ],
  };
}

/** The recording of a call, as it is had over the API once it has been told. */
async function fetched({ hooks }: Parties, program: Program, sid: string): Promise<Channels> {
  const notice = await until(() => hooks.sentTo('/status', sid).find(({ event }) => event === 'recording-stored'), {
    what: 'the recording to be stored',
  });
  const reply = await fetch(`${program.ready.http}/v1${notice.recording_url}`, {
    headers: { authorization: `Bearer ${program.ready.account_api_key}` },
  });
  assert.equal(reply.status, 200);
  return channels(new Uint8Array(await reply.arrayBuffer()));
}

async function checkRecordings(t: TestContext, lively: Lively, program: Program, leastMs: number): Promise<void> {
  for (const { sid, left: leftHz, right: rightHz } of lively.recorded) {
    const { left, right } = await fetched(lively.parties, program, sid);
    t.diagnostic(`recorded ${left.length / 8} ms, at least ${leastMs}`);
    assert.ok(left.length / 8 >= leastMs);
    assert.ok(sineDb(left.subarray(-4_000), leftHz) > -22 && sineDb(right.subarray(-4_000), rightHz) > -22);
  }
  const names = readdirSync(join(program.dataDir, 'recordings'), { recursive: true }).map(String);
  assert.equal(names.filter((name) => name.endsWith('.wav')).length, 2);
  assert.deepEqual(
    names.filter((name) => name.endsWith('.journal')),
    [],
  );
}

test('SIGTERM in the midst of everything: BYE to all, exit 0 in time, recordings are there after a restart', async (t) => {
  const dataDir = folderFor(t);
  const ear = await listener(t);
  const house = await lively(t, dataDir, ear.url);
  const from = performance.now();
  await pause(1_000);
  const lastedMs = performance.now() - from;
  const { ms } = await stopped(house.parties.program);
  t.diagnostic(`stopped with ${house.calls.length} calls after ${Math.round(ms)} ms`);
  for (const { call } of house.calls) await until(() => call.byed, { what: 'a BYE' });
  for (const { sid } of house.calls) {
    const statuses = house.parties.hooks.statuses(sid).filter((status) => status === 'completed');
    assert.equal(statuses.length, 1, house.parties.hooks.statuses(sid).join(', '));
  }
  await until(() => ear.open() === 0, { what: 'the streams to close' });
  const again = await startProgram({ dataDir });
  t.after(() => again.end());
  await checkRecordings(t, house, again, lastedMs - 100);
  await house.parties.leave();
});

test('kill -9 of the main process alone: its children go, the next start mends and stores the recordings', async (t) => {
  const dataDir = folderFor(t);
  const house = await lively(t, dataDir, (await listener(t)).url);
  const from = performance.now();
  await pause(2_200);
  const lastedMs = performance.now() - from;
  process.kill(house.parties.program.pid, 'SIGKILL');
  await house.parties.program.exit();
  const again = await startProgram({ dataDir });
  t.after(() => again.end());
  // A second at most is not in the file yet.
  await checkRecordings(t, house, again, lastedMs - 1_100);
  await house.parties.leave();
});

test('SIGTERM while the application hangs: still exit 0 in time; the next start tells what became of the recordings', async (t) => {
  const dataDir = folderFor(t);
  const house = await lively(t, dataDir, (await listener(t)).url);
  const { replies } = house.parties.hooks;
  const from = performance.now();
  await pause(1_000);
  const lastedMs = performance.now() - from;
  replies['/status'] = () => new Promise(() => {});
  const { ms } = await stopped(house.parties.program);
  t.diagnostic(`took ${Math.round(ms)} ms`);
  for (const { call } of house.calls) await until(() => call.byed, { what: 'a BYE' });
  house.parties.hooks.sent.length = 0;
  replies['/status'] = undefined;
  const again = await startProgram({ dataDir });
  t.after(() => again.end());
  await checkRecordings(t, house, again, lastedMs - 100);
  await house.parties.leave();
});
