// The audio WebSocket on the real program: servers made with the contract's own SDK and with a bare WebSocket library, an independent UA
// that sings and listens, levels and gaps measured at both ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type AudioStream, createEndpoint } from '@jambonz/sdk/websocket';
import { type WebSocket, WebSocketServer } from 'ws';
import { gaps } from '../../src/audio/index.ts';
import { type Hooks, type Json, openHooks } from '../kit/hooks.ts';
import { type Program, startProgram } from '../kit/program.ts';
import { decode, sineDb } from '../kit/ua/g711.ts';
import { hears, hearsNot, levelNow, longestHole } from '../kit/ua/judge.ts';
import { sinePcm } from '../kit/ua/sine.ts';
import { Ua, type UaCall } from '../kit/ua/ua.ts';
import { pause, until } from '../kit/until.ts';

let program: Program;
let hooks: Hooks;
let ua: Ua;
let http: Server;
let origin: string;
/** Streams that the SDK's server has accepted, with what they brought. */
const streams: { stream: AudioStream; audio: Buffer[]; events: Json[]; closed: boolean }[] = [];

before(async () => {
  http = createServer();
  const endpoint = createEndpoint({
    server: http,
    logger: { info() {}, error() {}, debug() {} } as never,
  });
  endpoint.audio({ path: '/audio' }).on('connection', (stream) => {
    const one = { stream, audio: [] as Buffer[], events: [] as Json[], closed: false };
    streams.push(one);
    stream.on('audio', (data) => one.audio.push(data));
    stream.on('dtmf', (event) => one.events.push({ ...event, type: 'dtmf' }));
    stream.on('playDone', (event) => one.events.push({ ...event, type: 'playDone' }));
    stream.on('mark', (event) => one.events.push({ ...event, type: 'mark' }));
    stream.on('close', () => {
      one.closed = true;
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  origin = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
  program = await startProgram();
  hooks = await openHooks({});
  ua = await Ua.open('udp', program.sipPort);
});

after(async () => {
  ua.close();
  await hooks.close();
  await program.end();
  http.closeAllConnections();
  http.close();
});

async function call(replies: Hooks['replies']): Promise<UaCall> {
  hooks.sent.length = 0;
  streams.length = 0;
  for (const path of Object.keys(hooks.replies)) delete hooks.replies[path];
  Object.assign(hooks.replies, replies);
  const one = await ua.call(`app-${await program.application(hooks)}`);
  assert.equal(one.finalStatus, 200, one.reason);
  return one;
}

const opened = (n = 1): Promise<(typeof streams)[number]> =>
  until(() => streams[n - 1], { what: `${n} streams at the server` });

/** One channel of what the server heard, from byte `from` on. */
function pcmOf(chunks: readonly Buffer[], { channel = 0, channels = 1 } = {}): Int16Array {
  const all = Buffer.concat(chunks);
  const n = Math.floor(all.length / 2 / channels);
  return Int16Array.from({ length: n }, (_, i) => all.readInt16LE(2 * (i * channels + channel)));
}

/** Waits for so many seconds of audio from now on, and gives them. */
async function listenFor(one: { audio: Buffer[] }, seconds: number, bytesPerSecond: number): Promise<Buffer[]> {
  const from = one.audio.length;
  const bytes = (): number => one.audio.slice(from).reduce((sum, data) => sum + data.length, 0);
  await until(() => bytes() >= seconds * bytesPerSecond, { what: `${seconds} s of audio`, withinMs: 30_000 });
  return one.audio.slice(from);
}

const near = (got: number, wanted: number, within = 1): void =>
  assert.ok(Math.abs(got - wanted) <= within, `${got.toFixed(2)} instead of ${wanted.toFixed(2)}`);

test('SDK server, framed: it hears the caller at level and without a gap; what it plays the caller hears', async () => {
  const url = `${origin}/audio`;
  const one = await call({
    '/': [
      { verb: 'listen', url, mixType: 'stereo', passDtmf: true, metadata: { purpose: 'test' }, actionHook: '/done' },
    ],
    '/done': [{ verb: 'hangup' }],
  });
  one.rtp.sing(450, -16);
  const server = await opened();
  const { stream } = server;
  assert.equal(stream.callSid, one.callSid);
  assert.equal(stream.sampleRate, 8000);
  assert.equal(stream.metadata.mixType, 'stereo');
  assert.equal(stream.metadata.purpose, 'test');
  assert.equal(stream.metadata.direction, 'inbound');
  await pause(500);
  stream.playAudio(Buffer.from(sinePcm({ hz: 900, db: -16, seconds: 3 }).buffer).toString('base64'), { id: 'nine' });
  await hears(one, 900);
  const audio = await listenFor(server, 2, 32_000);
  const left = pcmOf(audio, { channels: 2 });
  const right = pcmOf(audio, { channel: 1, channels: 2 });
  near(sineDb(left, 450), -16);
  near(sineDb(right, 900), -16);
  assert.ok(sineDb(left, 900) < -45);
  assert.ok(sineDb(right, 450) < -45);
  assert.deepEqual(gaps(left, 8000, 25, 100), []);
  assert.deepEqual(gaps(right, 8000, 25, 100), []);
  near(levelNow(one, 900, 50), -16);
  const done = await until(() => server.events.find(({ type }) => type === 'playDone'), { what: 'playDone' });
  assert.equal(done.id, 'nine');
  assert.equal(done.playbackMilliseconds, 3000);
  await hearsNot(one, [900]);
  const from = one.rtp.received.findIndex(({ bytes }) => sineDb(decoded(bytes), 900) > -30);
  assert.ok(longestHole(one, 900, from, from + 140) <= 20, 'no hole in what was played');
  one.rtp.press('7', { toneMs: 120 });
  const digit = await until(() => server.events.find(({ type }) => type === 'dtmf'), { what: 'a digit' });
  assert.equal(digit.digit, '7');
  stream.disconnect();
  assert.ok(Number((await hooks.wait('/done')).dial_call_duration) >= 3);
  await until(() => server.closed, { what: 'the socket to close' });
  await hooks.final(one.callSid);
});

test('SDK server, streaming at 24 kHz: an answer that comes all at once is spoken whole, with marks; killAudio ends it', async () => {
  const one = await call({
    '/': [
      {
        verb: 'stream',
        url: `${origin}/audio`,
        sampleRate: 16_000,
        bidirectionalAudio: { enabled: true, streaming: true, sampleRate: 24_000 },
      },
    ],
  });
  one.rtp.sing(450, -16);
  const server = await opened();
  const { stream } = server;
  await pause(300);
  const pcm = Buffer.from(sinePcm({ hz: 700, db: -13, seconds: 4, rate: 24_000 }).buffer);
  for (let at = 0; at < pcm.length; at += 5_001) stream.sendAudio(pcm.subarray(at, at + 5_001));
  stream.sendMark('spoken');
  await hears(one, 700);
  const first = one.rtp.received.length - 15;
  // At 16 kHz it counts as half as high.
  near(sineDb(pcmOf(await listenFor(server, 2, 32_000)), 225), -16);
  near(levelNow(one, 700, 40), -13);
  const mark = await until(() => server.events.find(({ type }) => type === 'mark'), { what: 'the mark' });
  assert.deepEqual([mark.name, mark.event], ['spoken', 'playout']);
  assert.ok(longestHole(one, 700, first + 20, first + 150) <= 20);
  await hearsNot(one, [700]);
  for (let i = 0; i < 4; i++) stream.sendAudio(pcm.subarray(0, 96_000));
  stream.sendMark('never');
  await hears(one, 700);
  stream.killAudio();
  await hearsNot(one, [700], 1_000);
  await until(() => server.events.some(({ event }) => event === 'cleared'), { what: 'the cleared mark' });
  await one.bye();
  await until(() => server.closed, { what: 'the socket to close' });
});

test('a bare WebSocket server, and a live update: pause stops the audio, silence is silent, resume goes on; the socket stays', async (t) => {
  const bare = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => false });
  await once(bare, 'listening');
  t.after(() => bare.close());
  const sockets: WebSocket[] = [];
  const heard = { audio: [] as Buffer[] };
  bare.on('connection', (socket, request) => {
    assert.equal(request.headers.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`);
    sockets.push(socket);
    socket.on('message', (data: Buffer, isBinary) => isBinary && heard.audio.push(data));
  });
  const url = `ws://127.0.0.1:${(bare.address() as AddressInfo).port}/listen`;
  const one = await call({ '/': [{ verb: 'listen', url, wsAuth: { username: 'u', password: 'p' } }] });
  one.rtp.sing(450, -16);
  near(sineDb(pcmOf(await listenFor(heard, 1, 16_000)).subarray(2_000), 450), -16);
  const update = async (status: string): Promise<void> => {
    const path = `/Accounts/${program.ready.account_sid}/Calls/${one.callSid}?wait=true`;
    const answer = await program.api('PUT', path, { listen_status: status });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    await pause(40);
    heard.audio.length = 0;
  };
  await update('pause');
  await pause(500);
  assert.equal(heard.audio.length, 0);
  await update('silence');
  assert.ok(pcmOf(await listenFor(heard, 1, 16_000)).every((x) => x === 0));
  await update('resume');
  near(sineDb(pcmOf(await listenFor(heard, 1, 16_000)), 450), -16);
  // The first was given up, as it agreed to no subprotocol.
  assert.equal(sockets.length, 2);
  await one.bye();
  await until(() => sockets[1]!.readyState === 3, { what: 'the socket to close' });
});

test('the media worker is killed: the next one takes the stream up; the caller stays, and hears the server again', async () => {
  const one = await call({
    '/': [{ verb: 'listen', url: `${origin}/audio`, bidirectionalAudio: { enabled: true, streaming: true } }],
  });
  one.rtp.sing(450, -16);
  await opened();
  await pause(500);
  for (const { pid, command } of program.processes())
    if (command.includes('src/worker.ts')) process.kill(pid, 'SIGKILL');
  const second = await opened(2);
  assert.deepEqual(second.stream.metadata, streams[0]!.stream.metadata);
  near(sineDb(pcmOf(await listenFor(second, 1, 16_000)), 450), -16);
  second.stream.sendAudio(Buffer.from(sinePcm({ hz: 700, db: -16, seconds: 2 }).buffer));
  await hears(one, 700);
  await one.bye();
});

function decoded(bytes: Uint8Array): Int16Array {
  return bytes.length === 160 ? decode(bytes) : new Int16Array(160);
}
