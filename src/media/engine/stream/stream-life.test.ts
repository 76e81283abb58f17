// Streams in trouble and in company: servers that break, stall, flood or lie, marks, kills, holds, digits and dying workers. Virtual clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AudioServer, serveAudio } from '../../../../test/kit/audio-server.ts';
import { type MediaStage, mediaStage } from '../../../../test/kit/media-stage.ts';
import { gaps, levelDbov, toneLevelDbov, worstClick } from '../../../audio/index.ts';
import type { MediaStream, StreamEnd, StreamEvent, StreamOptions } from '../../client.ts';

const url = 'ws://listener.test/audio';
const rate = 8_000;

function tone(hz: number, samples: number, peak = 8_000): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) => Math.round(peak * Math.sin((2 * Math.PI * hz * i) / rate)));
}

const toneDbov = 20 * Math.log10(8_000 / 32_768 / Math.SQRT2);
const near = (got: number, wanted: number, within = 0.5): void =>
  assert.ok(Math.abs(got - wanted) <= within, `${got} instead of ${wanted}`);

function talk({ peer, port }: MediaStage, hz: number): () => void {
  const step = (2 * Math.PI * hz) / rate;
  return peer.stream(port.local, (n) =>
    Int16Array.from({ length: 160 }, (_, i) => Math.round(8_000 * Math.sin(step * (n * 160 + i)))),
  );
}

interface Setting {
  stage: MediaStage;
  server: AudioServer;
  stream: MediaStream;
  events: StreamEvent[];
  end: () => StreamEnd | undefined;
  run(ms: number): Promise<void>;
}

async function setting(
  more: Partial<StreamOptions> = {},
  options: { state?: AudioServer['ws']['state'] } = {},
): Promise<Setting> {
  const stage = await mediaStage();
  const server = serveAudio(stage.net, url);
  if (options.state !== undefined) server.ws.state = options.state;
  talk(stage, 600);
  await stage.clock.runFor(200);
  const hello = { callSid: 'c' };
  const stream = stage.port.stream({ url, mix: 'mono', sampleRate: rate, hello, back: 'framed', ...more });
  const events: StreamEvent[] = [];
  let ended: StreamEnd | undefined;
  stream.onEvent = (event) => events.push(event);
  void stream.done.then((end) => {
    ended = end;
  });
  await stage.clock.runFor(200);
  return { stage, server, stream, events, end: () => ended, run: (ms) => stage.clock.runFor(ms) };
}

const playAudio = (pcm: Int16Array, more: object = {}): Record<string, unknown> => ({
  type: 'playAudio',
  data: { audioContent: Buffer.from(pcm.buffer).toString('base64'), sampleRate: rate, ...more },
});

test('stereo is in step to the sample: what both say at one moment stands side by side', async () => {
  const { stage, server, run } = await setting({ mix: 'stereo', back: 'none' });
  stage.port.play([{ kind: 'url', url: 'tone_stream://%(40,160,1000);loops=-1' }], { layer: 'prompt', loop: 1 });
  await run(3_000);
  const left = server.last.pcm({ channel: 0, channels: 2 });
  const right = server.last.pcm({ channel: 1, channels: 2 });
  assert.equal(left.length, right.length);
  near(toneLevelDbov(left.subarray(-rate), 600, rate), toneDbov);
  assert.deepEqual(gaps(left.subarray(rate), rate, 3, 100), []);
  // The bursts of the prompt: 200 ms apart, from the first to the last.
  const starts: number[] = [];
  for (let i = 800; i < right.length; i++)
    if (Math.abs(right[i]!) > 500 && right.subarray(i - 400, i).every((x) => Math.abs(x) <= 500)) starts.push(i);
  assert.ok(starts.length >= 12, `${starts.length}`);
  for (let i = 1; i < starts.length; i++) near(starts[i]! - starts[i - 1]!, 1_600, 8);
  await stage.end();
});

test('a digit that we send leaves stereo in step: silence stands for it', async () => {
  const { stage, server, run } = await setting({ mix: 'stereo', back: 'none' });
  const from = stage.clock.now();
  await stage.clock.settle(stage.port.sendDigits('123', 200));
  await stage.clock.settle(stage.port.digitsSent());
  await run(500);
  const total = server.last.pcm({ channel: 0, channels: 2, from }).length / 8;
  near(total, stage.clock.now() - from, 45);
  await stage.end();
});

test('mixed is the sum of both', async () => {
  const { stage, server, run } = await setting({ mix: 'mixed', back: 'none', sampleRate: 16_000 });
  stage.port.play([{ kind: 'url', url: 'tone_stream://%(9000,0,1000)' }], { layer: 'prompt', loop: 1 });
  await run(2_000);
  const pcm = server.last.pcm().subarray(-16_000);
  near(toneLevelDbov(pcm, 600, 16_000), toneDbov);
  assert.ok(toneLevelDbov(pcm, 1_000, 16_000) > -20);
  await stage.end();
});

test('a server that does not read: the oldest gives way, the leg goes on, and what is new comes first when it reads again', async () => {
  const { stage, server, stream, run } = await setting({ sampleRate: 64_000, mix: 'stereo' });
  server.ws.stalled = true;
  const heardBefore = stage.peer.heard.length;
  await run(10_000);
  assert.ok(stage.peer.heard.length - heardBefore >= 498, 'packets went on');
  const from = stage.clock.now();
  server.ws.stalled = false;
  await run(1_000);
  const caught = server.last.pcm({ channels: 2, from }).length / 64;
  // Half a second that the system held, two of ours, and the second since.
  assert.ok(caught > 2_900 && caught < 3_600, `${caught} ms`);
  stream.stop();
  const end = await stage.clock.settle(stream.done);
  assert.ok(end.droppedMs > 6_500 && end.droppedMs < 8_000, `${end.droppedMs}`);
  await stage.end();
});

test('a server that is away at first ends the stream at once, with the reason', async () => {
  for (const state of ['refusing', 403] as const) {
    const { stage, end, events, run } = await setting({}, { state });
    await run(500);
    assert.equal(end()?.reason, 'failed');
    assert.ok(end()?.fault);
    assert.deepEqual(events, []);
    await stage.end();
  }
});

test('a broken connection is tried five times, then given up', async () => {
  const { stage, server, events, end, run } = await setting();
  server.ws.kill();
  server.ws.state = 'refusing';
  await run(7_000);
  assert.equal(end(), undefined);
  await run(2_000);
  assert.equal(end()?.reason, 'failed');
  assert.deepEqual(
    events.map((event) => (event.type === 'reconnecting' ? event.attempt : event.type)),
    ['open', 1, 2, 3, 4, 5],
  );
  await stage.end();
});

test('a server that takes connections only to break them does not keep us for ever', async () => {
  const { stage, server, end, run } = await setting();
  for (let i = 0; i < 40 && !end(); i++) {
    server.ws.kill();
    await run(500);
  }
  assert.equal(end()?.reason, 'failed');
  assert.ok(server.connections.length <= 6, `${server.connections.length}`);
  await stage.end();
});

test('close codes: a server that restarts is awaited, one that has closed is done with', async () => {
  for (const [code, back] of [
    [1000, false],
    [1001, false],
    [1011, false],
    [1012, true],
    [1013, true],
  ] as const) {
    const { stage, server, end, run } = await setting();
    server.last.peer.close(code);
    await run(1_000);
    assert.equal(server.connections.length, back ? 2 : 1, `${code}`);
    assert.equal(end()?.reason, back ? undefined : 'closed');
    await stage.end();
  }
});

test('a server that agrees to no subprotocol is taken as it is', async () => {
  const stage = await mediaStage();
  const peers: string[] = [];
  stage.net.serveWs(url, (peer) => peers.push(peer.protocol), { protocols: [] });
  const stream = stage.port.stream({ url, mix: 'mono', sampleRate: rate, hello: {}, back: 'none' });
  await stage.clock.runFor(500);
  assert.deepEqual(peers, ['']);
  stream.stop();
  await stage.end();
});

test('framed: without queuePlay it takes the place of what plays, which fades and is told; killAudio empties all', async () => {
  const { stage, server, run } = await setting();
  server.last.send(playAudio(tone(500, 16_000), { id: 'a' }));
  server.last.send(playAudio(tone(500, 16_000), { id: 'never', queuePlay: true }));
  await run(500);
  server.last.send(playAudio(tone(900, 16_000), { id: 'b' }));
  await run(500);
  near(toneLevelDbov(stage.peer.audio().subarray(-2_400), 900, rate), toneDbov);
  server.last.send({ type: 'killAudio' });
  await run(200);
  const pcm = stage.peer.audio();
  assert.ok(worstClick(pcm, rate).ratio < 4, JSON.stringify(worstClick(pcm, rate)));
  assert.ok(levelDbov(pcm.subarray(-1_000)) < -60);
  const told = server.last.texts.map(({ type, data }) => [type, (data as { id: string }).id]);
  assert.deepEqual(told, [
    ['playDone', 'a'],
    ['playDone', 'b'],
  ]);
  const figures = server.last.texts.map(({ data }) => (data as { playbackMilliseconds: number }).playbackMilliseconds);
  for (const ms of figures) near(ms, 480, 40);
  await stage.end();
});

test('framed: ten may wait; what cannot be played is told to the call, not to the server', async () => {
  const { stage, server, events, run } = await setting();
  for (let i = 0; i < 14; i++) server.last.send(playAudio(tone(500, 800), { id: `p${i}`, queuePlay: true }));
  await run(2_000);
  assert.equal(server.last.texts.length, 11);
  server.last.send({ type: 'playAudio', data: { audioContent: 'AAAA', audioContentType: 'audio/mp3' } });
  server.last.send({ type: 'playAudio', data: { audioContent: 12 } });
  server.last.send(playAudio(tone(500, 800), { audioContentType: 'wav' }));
  server.last.peer.send('no json');
  server.last.send({ type: 'dance' });
  server.last.play(tone(500, 800));
  await run(500);
  const troubles = events.filter((event) => event.type === 'trouble').map((event) => event.what);
  assert.equal(troubles.filter((what) => /more than 10 wait/.test(what)).length, 3);
  assert.ok(
    troubles.some((what) => /raw, wav or wave/.test(what)),
    `${troubles}`,
  );
  assert.ok(
    troubles.some((what) => /neither WAV nor MP3|WAV/.test(what)),
    `${troubles}`,
  );
  assert.ok(troubles.some((what) => /no JSON/.test(what)));
  assert.ok(troubles.some((what) => /dance/.test(what)));
  for (let i = 0; i < 100; i++) server.last.send({ type: 'dance' });
  await run(200);
  assert.ok(events.length < 40, 'not without end');
  assert.ok(levelDbov(stage.peer.audio().subarray(-2_000)) < -60, 'binary audio is not played in this mode');
  await stage.end();
});

test('streamed: marks are told when reached, cleared by killAudio and clearMarks; thirty at most', async () => {
  const { stage, server, run } = await setting({ back: 'streaming' });
  const mark = (name: string): void => server.last.send({ type: 'mark', data: { name } });
  mark('nothing');
  await run(50);
  assert.deepEqual(server.last.texts, [{ type: 'mark', data: { name: 'nothing', event: 'playout' } }]);
  server.last.play(tone(500, rate));
  mark('one');
  server.last.play(tone(500, rate));
  mark('two');
  server.last.play(tone(500, rate));
  await run(1_500);
  const told = (): unknown[] => server.last.texts.slice(1).map(({ data }) => Object.values(data as object).join(' '));
  assert.deepEqual(told(), ['one playout']);
  server.last.send({ type: 'killAudio' });
  await run(100);
  assert.deepEqual(told(), ['one playout', 'two cleared']);
  assert.ok(levelDbov(stage.peer.audio().subarray(-400)) < -60);
  assert.ok(worstClick(stage.peer.audio(), rate).ratio < 4, JSON.stringify(worstClick(stage.peer.audio(), rate)));
  server.last.play(tone(500, rate));
  for (let i = 0; i < 40; i++) mark(`m${i}`);
  await run(20);
  server.last.send({ type: 'clearMarks' });
  await run(20);
  assert.equal(told().filter((text) => /cleared$/.test(String(text))).length, 31);
  await stage.end();
});

test('streamed: what trickles in unevenly plays on; a word that is shorter than the prebuffer is heard all the same', async () => {
  const { stage, server, run } = await setting({ back: 'streaming' });
  const pcm = tone(500, 4 * rate);
  // On average in time, in lumps of 60 ms.
  for (let at = 0; at < pcm.length; at += 480) {
    server.last.play(pcm.subarray(at, at + 480));
    await run(60);
  }
  await run(300);
  const heard = stage.peer.audio();
  const first = heard.findIndex((x) => Math.abs(x) > 300);
  assert.deepEqual(gaps(heard.subarray(first, first + 31_900), rate, 2, 100), []);
  const packets = stage.peer.heard.length;
  server.last.play(tone(500, 160));
  await run(400);
  assert.ok(levelDbov(stage.peer.audio(packets)) > -40, 'the short word');
  await stage.end();
});

test('streamed: a minute waits, not more, and the call is told so once', async () => {
  const { stage, server, events, run } = await setting({ back: 'streaming', backSampleRate: 8_000 });
  for (let i = 0; i < 90; i++) server.last.play(tone(500, rate));
  await run(62_000);
  assert.equal(events.filter((event) => event.type === 'trouble' && /60 s/.test(event.what)).length, 1);
  const loud = (ms: number): boolean => levelDbov(stage.peer.audio(stage.peer.heard.length - ms / 20)) > -40;
  assert.equal(loud(100), false);
  await stage.end();
});

test('pause, silence and run change from the frame they name', async () => {
  const { stage, server, stream, run } = await setting({ mix: 'stereo' });
  const { at } = await stage.clock.settle(stream.setState('pause'));
  await run(500);
  assert.ok(server.last.frames.every((frame) => frame.at <= at + 2));
  const silent = await stage.clock.settle(stream.setState('silence'));
  await run(500);
  const quiet = server.last.pcm({ channels: 2, from: silent.at });
  assert.ok(quiet.length >= 3_900 && quiet.every((x) => x === 0), `${quiet.length}`);
  const again = await stage.clock.settle(stream.setState('run'));
  await run(500);
  near(toneLevelDbov(server.last.pcm({ channels: 2, from: again.at + 20 }), 600, rate), toneDbov);
  await stage.end();
});

for (const mix of ['mono', 'stereo'] as const) {
  test(`${mix}: when the worker dies the next one takes the stream up, in its state, with the same hello`, async () => {
    const { stage, server, stream, events, end, run } = await setting({ mix });
    await run(700);
    stage.links[0]!.kill();
    await run(1_000);
    assert.equal(server.connections.length, 2);
    assert.deepEqual(server.last.hello, { callSid: 'c' });
    const channels = mix === 'stereo' ? 2 : 1;
    near(toneLevelDbov(server.last.pcm({ channels }).subarray(-4_000), 600, rate), toneDbov);
    await stage.clock.settle(stream.setState('pause'));
    stage.links.at(-1)!.kill();
    // The server is away just now: the third worker tries again.
    server.ws.state = 'refusing';
    await run(1_000);
    server.ws.state = 'up';
    await run(3_000);
    assert.equal(server.connections.length, 3);
    assert.equal(server.last.frames.length, 0);
    assert.ok(events.some(({ type }) => type === 'reconnecting'));
    stream.stop();
    await stage.clock.settle(stream.done);
    assert.equal(end()?.reason, 'stopped');
    await stage.end();
  });
}

test('a port that closes ends its streams, and tells how much was sent', async () => {
  const { stage, server, end, run } = await setting();
  await run(1_000);
  await stage.clock.settle(stage.port.close());
  await run(100);
  assert.equal(end()?.reason, 'stopped');
  near(end()!.sentMs, 1_200, 60);
  assert.equal(server.last.closed, 1000);
  await stage.end();
});

test('nine streams are too many, eight are not', async () => {
  const { stage, server, run } = await setting();
  const more = Array.from({ length: 8 }, () =>
    stage.port.stream({ url, mix: 'mono', sampleRate: rate, hello: {}, back: 'none' }),
  );
  const refused = await stage.clock.settle(more[7]!.done);
  assert.equal(refused.fault?.code, 'stream-too-many');
  await run(200);
  assert.equal(server.connections.length, 8);
  await stage.end();
});

test('a server that floods is cut off; one that sends a long answer at once is not', async () => {
  const { stage, server, end, run } = await setting({ back: 'streaming', backSampleRate: 48_000 });
  for (let i = 0; i < 60; i++) server.last.play(new Int16Array(48_000));
  await run(100);
  assert.equal(end(), undefined);
  for (let i = 0; i < 12_000; i++) server.last.send({ type: 'dance' });
  await run(100);
  assert.equal(end()?.fault?.code, 'stream-flood');
  assert.equal(server.last.closed, 1008);
  await stage.end();
});

test('a re-INVITE to another codec leaves stream, what comes back and what is queued in time', async () => {
  for (const back of ['streaming', 'framed'] as const) {
    const { stage, server, run } = await setting({ mix: 'stereo', back, backSampleRate: 8_000 });
    const pcm = tone(500, 4 * rate);
    if (back === 'streaming') server.last.play(pcm);
    else server.last.send(playAudio(pcm));
    await run(1_000);
    const wideband = stage.peer.sdp().replace('AVP 0', 'AVP 9').replace('rtpmap:0 PCMU', 'rtpmap:9 G722');
    await stage.clock.settle(stage.port.answer(wideband));
    await run(100);
    const from = stage.clock.now();
    await run(1_500);
    const right = server.last.pcm({ channel: 1, channels: 2, from });
    near(right.length / 8, 1_500, 41);
    near(toneLevelDbov(right, 500, rate), toneDbov);
    assert.deepEqual(gaps(right, rate, 2, 100), [], back);
    await run(2_000);
    assert.ok(levelDbov(server.last.pcm({ channel: 1, channels: 2, from: stage.clock.now() - 300 })) < -60);
    await stage.end();
  }
});
