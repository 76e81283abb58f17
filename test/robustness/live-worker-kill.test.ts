// kill -9 of media workers under bridges, recordings, streams, rooms, transcripts, dub tracks and SIPREC: all of it goes on where it was.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { levelDbov } from '../../src/audio/index.ts';
import { realClock, realRandom } from '../../src/base/index.ts';
import { realNetwork } from '../../src/base/net/index.ts';
import { Parties, song } from '../kit/parties.ts';
import { channels } from '../kit/recorded.ts';
import { RecordingServer } from '../kit/recording-server.ts';
import { sineDb } from '../kit/ua/g711.ts';
import { hears, levelOf } from '../kit/ua/judge.ts';
import type { UaCall } from '../kit/ua/ua.ts';
import { pause, until } from '../kit/until.ts';

/** Promised: audio is back within this time. */
const backMs = 2_000;
/** The state of a call is known outside its worker by then. */
const settledMs = 1_200;
const { alice: aliceHz, bob: bobHz, carol: carolHz } = song;
const roomHz = 1_900;
const dubHz = 1_600;
const tone = (hz: number): string => `tone_stream://v=-13;%(60000,0,${hz})`;

/** One who listens, and which tones it must hear. */
interface Hearer {
  who: string;
  call: UaCall;
  tones: readonly number[];
}

/** A WebSocket server that keeps the audio of each connection, and says whatever `onText` does. */
interface Ear {
  url: string;
  heard: Buffer[][];
}

async function openEar(t: TestContext): Promise<Ear> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: ([first]) => first ?? false });
  await once(server, 'listening');
  const heard: Buffer[][] = [];
  server.on('connection', (socket) => {
    const mine: Buffer[] = [];
    heard.push(mine);
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) mine.push(data);
      else if (JSON.parse(data.toString()).type === 'stop') socket.close(1000);
    });
  });
  t.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard };
}

/** Level of a tone in the last half second of an ear's newest connection, 8 kHz. */
function earLevel({ heard }: Ear, hz: number): number {
  const bytes = Buffer.concat((heard.at(-1) ?? []).slice(-30)).subarray(-8_000);
  return sineDb(
    Int16Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(2 * i)),
    hz,
  );
}

async function openRecorder(t: TestContext): Promise<RecordingServer> {
  const clock = realClock();
  const network = realNetwork({ clock });
  const recorder = await RecordingServer.at({ clock, random: realRandom(), network, host: '127.0.0.1', port: 0 });
  t.after(async () => {
    await recorder.close();
    await network.close();
  });
  return recorder;
}

interface House {
  parties: Parties;
  stream: Ear;
  words: Ear;
  recorder: RecordingServer;
  hearers: Hearer[];
  /** Of the bridge that is recorded, and since when. */
  recordedSid: string;
  recordedFrom: number;
}

async function openHouse(t: TestContext, workers: number): Promise<House> {
  const parties = await Parties.open({ CROSSPOINT_MEDIA_WORKERS: String(workers) });
  t.after(() => parties.close());
  const { program } = parties;
  const account = `/Accounts/${program.ready.account_sid}`;
  await program.api('PUT', account, { record_format: 'wav' });
  const [stream, words, recorder] = [await openEar(t), await openEar(t), await openRecorder(t)];
  const credential = { vendor: 'custom:ear', use_for_stt: true, use_for_tts: false, custom_stt_url: words.url };
  const { status } = await program.api('POST', `${account}/SpeechCredentials`, { ...credential, auth_token: 'x' });
  assert.equal(status, 201);
  const house: House = { parties, stream, words, recorder, hearers: [], recordedSid: '', recordedFrom: 0 };
  await forwarded(house);
  await tapped(house);
  await queued(house);
  await room(house);
  for (const { call, tones } of house.hearers) for (const hz of tones) await hears(call, hz);
  return house;
}

/** A bridge that nothing touches. */
async function forwarded({ parties, hearers }: House): Promise<void> {
  const { alice, bob } = await parties.bridged();
  hearers.push({ who: 'caller', call: alice, tones: [bobHz] }, { who: 'callee', call: bob, tones: [aliceHz] });
}

/** A bridge with everything at once. */
async function tapped(house: House): Promise<void> {
  const { parties, hearers, stream, recorder } = house;
  const recognizer = { vendor: 'custom:ear', language: 'en-US' };
  const { alice, bob, aliceSid, bobSid } = await parties.bridged({
    listen: { url: stream.url, mixType: 'mixed', sampleRate: 8_000 },
    transcribe: { transcriptionHook: '/words', recognizer },
  });
  house.recordedSid = aliceSid;
  await parties.update(aliceSid, { record: { action: 'startCallRecording', type: 'cloud' } }, true);
  house.recordedFrom = performance.now();
  const siprec = { action: 'startCallRecording', type: 'siprec', siprecServerURL: recorder.uri };
  await parties.update(bobSid, { record: siprec });
  await parties.update(bobSid, { dub: { action: 'addTrack', track: 'music', play: tone(dubHz), loop: true } });
  hearers.push(
    { who: 'tapped caller', call: alice, tones: [bobHz] },
    { who: 'tapped callee', call: bob, tones: [aliceHz, dubHz] },
  );
}

/** Two who came on their own, so that they may live on two workers. */
async function queued({ parties, hearers }: House): Promise<void> {
  const caller = await parties.call('alice', { '/': [{ verb: 'enqueue', name: 'one' }] });
  const agent = await parties.call('carol', { '/': [{ verb: 'dequeue', name: 'one' }] });
  hearers.push({ who: 'queued', call: caller, tones: [carolHz] }, { who: 'agent', call: agent, tones: [aliceHz] });
}

async function room({ parties, hearers }: House): Promise<void> {
  const calls: UaCall[] = [];
  const verb = { verb: 'conference', name: 'hall', startConferenceOnEnter: true };
  for (const who of ['alice', 'bob', 'carol'] as const) calls.push(await parties.call(who, { '/': [verb] }));
  await parties.update(calls[0]!.callSid, { room_play: { url: tone(roomHz) } });
  for (const [i, tones] of [
    [bobHz, carolHz, roomHz],
    [aliceHz, carolHz, roomHz],
    [aliceHz, bobHz, roomHz],
  ].entries())
    hearers.push({ who: `member ${i}`, call: calls[i]!, tones });
}

const workersOf = ({ parties }: House): number[] =>
  parties.program
    .processes()
    .filter(({ command }) => command.includes('src/worker.ts'))
    .map(({ pid }) => pid)
    .sort((a, b) => a - b);

/** Time after `at` until a tone is heard, ms; packets under way at the time do not count. */
const heardAfter = ({ rtp }: UaCall, hz: number, at: number): number | undefined => {
  const found = rtp.received.find((one) => one.at > at + 60 && one.payload === 0 && levelOf(one.bytes, hz) > -30);
  return found && found.at - at;
};

/** Everybody hears what they heard, from the same source, in order. */
async function checkBack(t: TestContext, { hearers }: House, at: number): Promise<void> {
  const waits: number[] = [];
  for (const { who, call, tones } of hearers)
    for (const hz of tones)
      waits.push(
        await until(() => heardAfter(call, hz, at), {
          what: () => `${who} to hear ${hz} Hz again; ${call.byed ? 'it got BYE' : 'it has its call'}`,
        }),
      );
  t.diagnostic(`back after ${waits.map(Math.round).join(', ')} ms`);
  for (const { call, tones } of hearers) for (const hz of tones) await hears(call, hz);
  for (const { who, call } of hearers) {
    assert.equal(new Set(call.rtp.received.map(({ ssrc }) => ssrc)).size, 1, `${who}: one SSRC`);
    const backward = call.rtp.received.slice(1).filter(({ seq, timestamp }, i) => {
      const before = call.rtp.received[i]!;
      return ((seq - before.seq) << 16) >> 16 <= 0 || ((timestamp - before.timestamp) | 0) <= 0;
    });
    assert.equal(backward.length, 0, `${who}: nothing goes back`);
    assert.deepEqual(
      call.requests.filter(({ start }) => start.startsWith('INVITE')),
      [],
      `${who}: its port is where it was`,
    );
  }
  assert.ok(Math.max(...waits) <= backMs, `back after ${Math.max(...waits)} ms`);
}

async function checkTaps({ stream, words, recorder }: House): Promise<void> {
  const now = (): string =>
    `stream ${[aliceHz, bobHz].map((hz) => earLevel(stream, hz).toFixed(0))}, words ${earLevel(words, aliceHz).toFixed(0)}`;
  await until(() => earLevel(stream, aliceHz) > -30 && earLevel(stream, bobHz) > -30, {
    what: () => `the stream: ${now()}`,
  });
  await until(() => words.heard.slice(-2).some((_, i, two) => earLevel({ url: '', heard: [two[i]!] }, aliceHz) > -30), {
    what: () => `the recognizer: ${now()}`,
  });
  const [session] = recorder.sessions;
  assert.equal(recorder.sessions.length, 1);
  assert.equal(session?.ended, false);
  const from = Date.now();
  await pause(600);
  for (const [stream, hz] of [
    [0, aliceHz],
    [1, bobHz],
  ] as const) {
    const level = sineDb(recorder.heard(session!, stream, from, from + 500), hz);
    assert.ok(level > -30, `stream ${stream} at the recording server: ${level} dB of ${hz} Hz`);
  }
}

/** The recording is as long as its call, and has both sides in its last second. */
async function checkRecording(t: TestContext, { parties, recordedSid, recordedFrom }: House): Promise<void> {
  const { hooks, program } = parties;
  const lastedMs = performance.now() - recordedFrom;
  const notice = await until(
    () => hooks.sentTo('/status', recordedSid).find(({ event }) => event === 'recording-stored'),
    { what: 'the recording to be stored' },
  );
  const reply = await fetch(`${program.ready.http}/v1${notice.recording_url}`, {
    headers: { authorization: `Bearer ${program.ready.account_api_key}` },
  });
  const { left, right } = channels(new Uint8Array(await reply.arrayBuffer()));
  t.diagnostic(`recorded ${left.length / 8} ms of ${Math.round(lastedMs)}`);
  assert.ok(Math.abs(left.length / 8 - lastedMs) < 1_000);
  const [end, start] = [left.length - 2_000, left.length - 10_000];
  assert.ok(sineDb(left.subarray(start, end), aliceHz) > -20, 'the caller');
  assert.ok(sineDb(right.subarray(start, end), bobHz) > -20, 'the callee');
  assert.ok(levelDbov(left.subarray(0, 4_000)) > -25, 'and its beginning');
}

for (const workers of [1, 2])
  test(`${workers} worker(s): each dies once, and everything goes on`, async (t) => {
    const house = await openHouse(t, workers);
    await checkTaps(house);
    for (let round = 0; round < workers; round++) {
      await pause(settledMs);
      const before = workersOf(house);
      assert.equal(before.length, workers);
      const at = performance.now();
      process.kill(before[0]!, 'SIGKILL');
      await checkBack(t, house, at);
      await checkTaps(house);
    }
    await pause(800);
    const recorded = house.hearers.find(({ who }) => who === 'tapped caller');
    await recorded?.call.bye();
    await checkRecording(t, house);
    for (const { call } of house.hearers) if (!call.over) await call.bye();
    await Promise.all(house.hearers.map(({ call }) => house.parties.hooks.final(call.callSid)));
    assert.ok(house.recorder.sessions[0]!.ended);
  });
