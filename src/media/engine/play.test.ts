// Playing through a port on the virtual clock: what the far end hears, packet by packet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaStage } from '../../../test/kit/media-stage.ts';
import type { HeardPacket, SimPeer } from '../../../test/kit/sim-rtp-peer.ts';
import { gaps, toneLevelDbov, worstClick, writeWav } from '../../audio/index.ts';
import { isRefusal } from '../../base/index.ts';
import type { AudioSource, PlaybackEvent, PlayOptions } from '../client.ts';

const prompt: PlayOptions = { layer: 'prompt', loop: 1 };
const whisper: PlayOptions = { layer: 'whisper', loop: 1 };
const url = (text: string): AudioSource => ({ kind: 'url', url: text });

/** RMS of a sine of this peak, dBov. */
const sineDbov = (peak: number): number => 20 * Math.log10(peak / 32_768 / Math.SQRT2);

function sine(hz: number, samples: number, options: { rate?: number; peak?: number; phase?: number } = {}): Int16Array {
  const { rate = 8000, peak = 8000, phase = 0 } = options;
  return Int16Array.from({ length: samples }, (_, i) =>
    Math.round(peak * Math.sin((2 * Math.PI * hz * i) / rate + phase)),
  );
}

/** One SSRC, sequence and timestamps without a gap, a packet every `ptime`, in time order. */
function assertContinuous(packets: readonly HeardPacket[], ptime = 20): void {
  for (let i = 1; i < packets.length; i++) {
    const [a, b] = [packets[i - 1]!, packets[i]!];
    assert.equal(b.ssrc, a.ssrc);
    assert.equal(b.sequence, (a.sequence + 1) & 0xffff, `sequence at ${i}`);
    assert.equal((b.timestamp - a.timestamp) >>> 0, ptime * 8, `timestamp at ${i}`);
    assert.ok(Math.abs(b.at - a.at - ptime) < 0.01, `interval ${b.at - a.at} at ${i}`);
  }
}

/** What was heard without the silence before and after, and without G.711's idle noise. */
function sounding(peer: SimPeer): Int16Array {
  const pcm = peer.audio();
  let from = 0;
  let to = pcm.length;
  while (from < to && Math.abs(pcm[from]!) <= 8) from++;
  while (to > from && Math.abs(pcm[to - 1]!) <= 8) to--;
  return pcm.subarray(from, to);
}

for (const codec of ['PCMU', 'PCMA', 'G722']) {
  test(`${codec}: a WAV of another rate comes at its level, unbroken, without clicks`, async () => {
    const stage = await mediaStage({ codec });
    const { clock, net, peer, port } = stage;
    const wav = writeWav(sine(1000, 44_100 * 2, { rate: 44_100 }), 44_100);
    net.serveHttp('http://files.test', () => ({ status: 200, headers: { 'content-type': 'audio/wav' }, body: wav }));
    const playback = port.play([url('http://files.test/tone.wav')], prompt);
    const result = await clock.settle(playback.done);
    await clock.runFor(300);
    assert.equal(result.reason, 'completed');
    assert.equal(result.playedMs, 2000);
    assert.equal(result.lastOffsetSamples, 16_000);
    assertContinuous(peer.heard);
    assert.equal(peer.heard[0]!.marker, true);
    const { sampleRate } = peer.codec;
    const pcm = sounding(peer);
    assert.ok(Math.abs(pcm.length / sampleRate - 2) < 0.004, `${pcm.length} samples`);
    const middle = pcm.subarray(sampleRate / 10, -sampleRate / 10);
    assert.ok(Math.abs(toneLevelDbov(middle, 1000, sampleRate) - sineDbov(8000)) < 0.2);
    assert.deepEqual(gaps(pcm, sampleRate, 2), []);
    assert.ok(worstClick(pcm, sampleRate).ratio < 3, `click ${worstClick(pcm, sampleRate).ratio}`);
    await stage.end();
  });
}

test('loops and lists join without a gap, a click or a lost sample', async () => {
  const stage = await mediaStage();
  const { clock, net, peer, port } = stage;
  // 437 Hz in 700 ms ends in the middle of a wave; 400 Hz ends at its zero.
  const bodies = { '/odd.wav': sine(437, 5600), '/even.wav': sine(400, 4000) };
  net.serveHttp('http://files.test', ({ url: asked }) => {
    const pcm = bodies[new URL(asked).pathname as keyof typeof bodies];
    return { status: 200, headers: { 'content-type': 'audio/x-wav' }, body: writeWav(pcm, 8000) };
  });
  const sources = [url('http://files.test/odd.wav'), url('http://files.test/even.wav')];
  const result = await clock.settle(port.play(sources, { layer: 'prompt', loop: 3 }).done);
  await clock.runFor(100);
  assert.equal(result.playedMs, 3 * 1200);
  assert.equal(result.lastOffsetSamples, 9600);
  const pcm = sounding(peer);
  assert.ok(Math.abs(pcm.length - 3 * 9600) < 12, `${pcm.length} samples`);
  assert.deepEqual(gaps(pcm, 8000, 2, 100), []);
  assert.ok(worstClick(pcm, 8000).ratio < 4, `click ${JSON.stringify(worstClick(pcm, 8000))}`);
  assertContinuous(peer.heard);
  await stage.end();
});

test('a whisper pauses the prompt, which goes on with the next sample', async () => {
  const stage = await mediaStage();
  const { clock, peer, port } = stage;
  const spoken = port.play([url('tone_stream://%(3000,0,400)')], prompt);
  await clock.runFor(1000);
  const over = port.play([url('tone_stream://%(500,0,1000)')], whisper);
  assert.equal((await clock.settle(over.done)).playedMs, 500);
  const result = await clock.settle(spoken.done);
  await clock.runFor(100);
  assert.equal(result.playedMs, 3000);
  const pcm = sounding(peer);
  assert.ok(Math.abs(pcm.length - 3.5 * 8000) < 330, `${pcm.length} samples`);
  assert.ok(worstClick(pcm, 8000).ratio < 3);
  // One ear for each tone: the prompt is silent during the whisper.
  const during = pcm.subarray(8000 + 400, 8000 + 3600);
  assert.ok(toneLevelDbov(during, 1000, 8000) - toneLevelDbov(during, 400, 8000) > 40);
  await stage.end();
});

test('a hundred switches of layers make no click', async () => {
  const stage = await mediaStage();
  const { clock, random, peer, port } = stage;
  const hum = { layer: 'prompt', loop: Number.POSITIVE_INFINITY } as const;
  port.play([url('tone_stream://%(1000,0,300)')], hum);
  for (let i = 0; i < 100; i++) {
    await clock.runFor(20 + Math.floor(random.next() * 150));
    const hz = 250 + Math.floor(random.next() * 800);
    const layer = random.next() < 0.5 ? 'prompt' : 'whisper';
    const playback = port.play([url(`tone_stream://%(${100 + Math.floor(random.next() * 400)},0,${hz})`)], {
      layer,
      loop: 2,
    });
    if (random.next() < 0.4) clock.after(random.next() * 200, () => playback.stop());
  }
  await clock.runFor(500);
  const pcm = peer.audio();
  const click = worstClick(pcm, 8000);
  assert.ok(click.ratio < 4, `click ${JSON.stringify(click)}`);
  assertContinuous(peer.heard);
  await stage.end();
});

test('stop fades out within a few ms and tells how far it came', async () => {
  const stage = await mediaStage();
  const { clock, peer, port } = stage;
  const playback = port.play([url('tone_stream://%(1000,0,400);loops=-1')], prompt);
  const events: PlaybackEvent[] = [];
  playback.onEvent = (event) => events.push(event);
  await clock.runFor(1010);
  playback.stop();
  const result = await clock.settle(playback.done);
  await clock.runFor(200);
  assert.equal(result.reason, 'stopped');
  const pcm = sounding(peer);
  assert.ok(Math.abs(pcm.length / 8 - result.playedMs) <= 6, `${pcm.length / 8} ms heard, ${result.playedMs} told`);
  assert.ok(worstClick(peer.audio(), 8000).ratio < 3);
  assert.equal(events.length, 1);
  assert.equal(events[0]!.type, 'started');
  const first = peer.heard.find(({ payload }) => payload.some((byte) => byte !== 0xff && byte !== 0x7f))!;
  assert.ok(Math.abs((events[0] as { at: number }).at - first.at) < 15, 'started is the first packet of sound');
  await stage.end();
});

test('seek skips on the first pass only, timeout ends, an endless loop of silence is paced', async () => {
  const stage = await mediaStage();
  const { clock, port } = stage;
  const seek = port.play([url('tone_stream://%(1000,0,400)')], { layer: 'prompt', loop: 2, seekSamples: 4000 });
  assert.deepEqual(await clock.settle(seek.done), { reason: 'completed', playedMs: 1500, lastOffsetSamples: 8000 });
  const limited = port.play([url('silence_stream://-1')], { layer: 'prompt', loop: 1, timeoutMs: 700 });
  const before = clock.now();
  const result = await clock.settle(limited.done);
  assert.equal(result.reason, 'timeout');
  assert.ok(Math.abs(clock.now() - before - 700) < 1 && result.playedMs >= 660 && result.playedMs <= 700);
  const beyond = port.play([url('tone_stream://%(1000,0,400)')], { ...prompt, seekSamples: 80_000 });
  assert.equal((await clock.settle(beyond.done)).playedMs, 0);
  await stage.end();
});

test('what cannot be played is a fault with its reason', async () => {
  const stage = await mediaStage();
  const { clock, net, port } = stage;
  net.serveHttp('http://files.test', ({ url: asked }) => {
    const path = new URL(asked).pathname;
    if (path === '/text.wav') return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' };
    if (path === '/broken.wav') return { status: 200, body: 'RIFF....WAVEjunk' };
    return { status: path === '/busy.wav' ? 503 : 404 };
  });
  const cases: [string, string][] = [
    ['http://files.test/none.wav', 'play-notfound'],
    ['http://files.test/text.wav', 'play-format'],
    ['http://files.test/broken.wav', 'play-format'],
    ['http://files.test/busy.wav', 'http-status'],
    ['tone_stream://nonsense(', 'play-format'],
    ['ftp://files.test/a.wav', 'play-format'],
    ['http://nobody.test/a.wav', 'http-dns'],
  ];
  for (const [text, code] of cases) {
    const result = await clock.settle(port.play([url(text)], prompt).done);
    assert.equal(result.reason, 'failed', text);
    assert.equal(result.fault?.code, code, text);
  }
  const spoken: AudioSource = { kind: 'say', text: 'hi', synthesizer: { vendor: 'x', language: 'en', voice: 'v' } };
  assert.equal((await clock.settle(port.play([spoken], prompt).done)).fault?.code, 'tts-unknown-vendor');
  await stage.end();
});

test('a file is fetched once while fresh, asked for again when stale, with credentials for its own origin', async () => {
  const stage = await mediaStage();
  const { clock, net, port } = stage;
  const asked: { authorization: string | undefined; none: string | undefined }[] = [];
  const body = writeWav(sine(400, 1600), 8000);
  net.serveHttp('http://files.test', ({ headers }) => {
    asked.push({ authorization: headers.authorization, none: headers['if-none-match'] });
    const fresh = { etag: '"1"', 'cache-control': 'max-age=10', 'content-type': 'audio/wav' };
    return headers['if-none-match'] === '"1"'
      ? { status: 304, headers: fresh, body: '' }
      : { status: 200, headers: fresh, body };
  });
  const source: AudioSource = { kind: 'url', url: 'http://files.test/a.wav', username: 'u', password: 'p' };
  const play = async (): Promise<void> => {
    assert.equal((await clock.settle(port.play([source, source], prompt).done)).playedMs, 400);
  };
  await play();
  await play();
  assert.equal(asked.length, 1);
  assert.equal(asked[0]!.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`);
  await clock.runFor(11_000);
  await play();
  assert.equal(asked.length, 2);
  assert.equal(asked[1]!.none, '"1"');
  await stage.end();
});

test('a gain takes effect with the packet it names; a boost saturates', async () => {
  const stage = await mediaStage();
  const { clock, peer, port } = stage;
  port.play([url('tone_stream://v=-20;%(4000,0,400)')], prompt);
  await clock.runFor(1000);
  const { at } = await clock.settle(port.setGain(-6));
  await clock.runFor(1000);
  const split = peer.heard.findIndex((packet) => packet.at >= at);
  const before = toneLevelDbov(peer.audio(split - 40).subarray(0, 40 * 160), 400, 8000);
  const after = toneLevelDbov(peer.audio(split + 1).subarray(0, 40 * 160), 400, 8000);
  assert.ok(Math.abs(before - after - 6) < 0.2, `${before} then ${after}`);
  await clock.settle(port.setGain(20));
  await clock.runFor(500);
  assert.ok(worstClick(peer.audio(), 8000).ratio < 4);
  await stage.end();
});

test('a re-INVITE changes codec, packet time and direction; SSRC, sequence and the prompt go on', async () => {
  const stage = await mediaStage();
  const { clock, peer, port } = stage;
  const playback = port.play([url('tone_stream://%(6000,0,400)')], prompt);
  await clock.runFor(1000);
  const held = await clock.settle(port.answer(peer.sdp({ direction: 'sendonly' })));
  assert.ok(!isRefusal(held) && held.media.direction === 'recvonly' && /a=recvonly/.test(held.sdp));
  await clock.runFor(50);
  const atHold = peer.heard.length;
  await clock.runFor(1000);
  assert.equal(peer.heard.length, atHold, 'nothing is sent on hold');
  const back = await clock.settle(port.answer(peer.sdp({ ptime: 40 })));
  assert.ok(!isRefusal(back));
  await clock.runFor(1000);
  const last = peer.heard[atHold - 1]!;
  const next = peer.heard[atHold]!;
  assert.equal(next.ssrc, last.ssrc);
  assert.equal(next.sequence, (last.sequence + 1) & 0xffff);
  assert.equal(next.marker, true);
  const away = next.at - last.at;
  assert.ok(Math.abs(((next.timestamp - last.timestamp) >>> 0) / 8 - away) <= 40, 'the timestamp tells the time');
  assertContinuous(peer.heard.slice(atHold), 40);
  assert.equal(next.payload.length, 320);
  const refused = await clock.settle(
    port.answer(peer.sdp().replace('RTP/AVP 0', 'RTP/AVP 96').replace('rtpmap:0 PCMU', 'rtpmap:96 iLBC')),
  );
  assert.ok(isRefusal(refused) && refused.sip === 488);
  assert.equal((await clock.settle(playback.done)).playedMs, 6000);
  await stage.end();
});

test('another packet time in the middle of a prompt is not heard', async () => {
  const stage = await mediaStage();
  const { clock, peer, port } = stage;
  const playback = port.play([url('tone_stream://%(2000,0,400)')], prompt);
  for (const ptime of [30, 10, 60, 20]) {
    await clock.runFor(333);
    await clock.settle(port.answer(peer.sdp({ ptime })));
  }
  assert.equal((await clock.settle(playback.done)).playedMs, 2000);
  await clock.runFor(100);
  const pcm = sounding(peer);
  assert.ok(Math.abs(pcm.length - 16_000) < 20, `${pcm.length} samples`);
  assert.ok(worstClick(pcm.subarray(400, -400), 8000).ratio < 1.5, JSON.stringify(worstClick(pcm, 8000)));
  await stage.end();
});
