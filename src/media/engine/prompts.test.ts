// Sources on the virtual clock: speech, MP3, redirects, sharing, and joins that wait for nobody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaStage } from '../../../test/kit/media-stage.ts';
import { DtmfDetector, gaps, levelDbov, toneLevelDbov, worstClick, writeWav } from '../../audio/index.ts';
import { mp3Mono, mp3Stereo } from '../../audio/testing.ts';
import { type Clock, Fault, sleep } from '../../base/index.ts';
import type { SimHttpAnswer } from '../../base/sim/index.ts';
import type { Speech, SynthesizerChoice } from '../../speech/index.ts';
import type { AudioSource, PlaybackEvent, PlayOptions } from '../client.ts';

const prompt: PlayOptions = { layer: 'prompt', loop: 1 };
const url = (text: string): AudioSource => ({ kind: 'url', url: text });
const voice: SynthesizerChoice = { vendor: 'test', language: 'en', voice: 'v' };
const say = (text: string, more: { noCache?: boolean } = {}): AudioSource => ({
  kind: 'say',
  text,
  synthesizer: voice,
  ...more,
});

const sine = (hz: number, samples: number, rate = 8000): Int16Array =>
  Int16Array.from({ length: samples }, (_, i) => Math.round(8000 * Math.sin((2 * Math.PI * hz * i) / rate)));

/** Speech of 100 ms a character at 16 kHz, made in `ms`. */
function fakeSpeech(ms: number): { speech: Speech; asked: string[]; useClock(clock: Clock): void } {
  const asked: string[] = [];
  let clock: Clock | undefined;
  const speech: Speech = {
    async speak(_, text) {
      asked.push(text);
      if (text === 'fail') throw new Fault('tts-failed', 'the voice is gone');
      if (clock) await sleep(clock, ms);
      return { pcm: sine(500, text.length * 1600, 16_000), sampleRate: 16_000, fromCache: false, elapsedMs: ms };
    },
    purge: async () => {},
    close: async () => {},
  };
  const useClock = (given: Clock): void => {
    clock = given;
  };
  return { speech, asked, useClock };
}

test('speech is played at the leg’s rate and told about; the same text is made once for all', async () => {
  const fake = fakeSpeech(0);
  const stage = await mediaStage({ speech: fake.speech });
  const { clock, pool, port, peer } = stage;
  const other = await clock.settle(pool.open({ callSid: 'b', group: 'b', inactivityMs: 0 }));
  await clock.settle(other.answer(peer.sdp()));
  const events: PlaybackEvent[] = [];
  const playback = port.play([say('ten chars!')], { layer: 'prompt', loop: 2 });
  playback.onEvent = (event) => events.push(event);
  const second = other.play([say('ten chars!')], prompt);
  assert.equal((await clock.settle(playback.done)).playedMs, 2000);
  await clock.settle(second.done);
  assert.deepEqual(fake.asked, ['ten chars!']);
  assert.deepEqual(events[0], {
    type: 'synthesized',
    vendor: 'test',
    language: 'en',
    characters: 10,
    elapsedMs: 0,
    fromCache: false,
  });
  assert.deepEqual(
    events.map(({ type }) => type),
    ['synthesized', 'started'],
  );
  await clock.settle(port.play([say('ten chars!', { noCache: true })], prompt).done);
  assert.equal(fake.asked.length, 2, 'noCache asks again');
  await stage.end();
});

test('the next source is made while the first plays: no gap between them', async () => {
  const fake = fakeSpeech(300);
  const slow = await mediaStage({ speech: fake.speech });
  fake.useClock(slow.clock);
  const { clock, peer, port } = slow;
  const result = await clock.settle(port.play([say('12345'), say('1234567'), say('123456')], prompt).done);
  await clock.runFor(100);
  assert.equal(result.playedMs, 1800);
  const pcm = peer.audio();
  const from = pcm.findIndex((x) => Math.abs(x) > 100);
  const to = pcm.findLastIndex((x) => Math.abs(x) > 100);
  assert.ok(Math.abs(to - from - 14_400) < 40, `${to - from} samples`);
  assert.deepEqual(gaps(pcm.subarray(from, to), 8000, 3, 100), []);
  await slow.end();
});

test('a source that is not ready in time is waited for, without a click', async () => {
  const fake = fakeSpeech(1000);
  const stage = await mediaStage({ speech: fake.speech });
  fake.useClock(stage.clock);
  const { clock, peer, port } = stage;
  const result = await clock.settle(port.play([url('tone_stream://%(310,0,333)'), say('123')], prompt).done);
  await clock.runFor(100);
  assert.equal(result.playedMs, 610);
  assert.ok(worstClick(peer.audio(), 8000).ratio < 4);
  await stage.end();
});

test('a list whose second source fails plays the first and tells why it ended', async () => {
  const stage = await mediaStage({ speech: fakeSpeech(0).speech });
  const { clock, port } = stage;
  const result = await clock.settle(port.play([url('tone_stream://%(500,0,400)'), say('fail')], prompt).done);
  assert.equal(result.reason, 'failed');
  assert.equal(result.fault?.code, 'tts-failed');
  assert.equal(result.playedMs, 500);
  await stage.end();
});

test('MP3 of any rate, also over redirects; credentials stay with the address’s own origin', async () => {
  const stage = await mediaStage();
  const { clock, net, peer, port } = stage;
  const seen: string[] = [];
  net.serveHttp('http://files.test', ({ url: asked, headers }): SimHttpAnswer => {
    seen.push(`${asked.pathname} ${headers.authorization ?? '-'}`);
    const mpeg: SimHttpAnswer = { headers: { 'content-type': 'audio/mpeg' }, body: mp3Mono() };
    if (asked.pathname === '/mono') return mpeg;
    const location = asked.pathname === '/moved' ? 'http://files.test/again' : 'http://cdn.test/stereo.mp3';
    return { status: 302, headers: { location } };
  });
  net.serveHttp('http://cdn.test', ({ url: asked, headers }) => {
    seen.push(`cdn${asked.pathname} ${headers.authorization ?? '-'}`);
    return { headers: { 'content-type': 'application/octet-stream' }, body: mp3Stereo() };
  });
  const moved: AudioSource = { kind: 'url', url: 'http://files.test/moved', username: 'u', password: 'p' };
  const result = await clock.settle(port.play([url('http://files.test/mono'), moved], prompt).done);
  assert.equal(result.reason, 'completed', result.fault?.message);
  await clock.runFor(100);
  assert.ok(Math.abs(result.playedMs - 620) < 200, `${result.playedMs} ms`);
  const middle = peer.audio().subarray(1600, 3200);
  assert.ok(Math.abs(toneLevelDbov(middle, 1000, 8000) + 13.8) < 1);
  const basic = `Basic ${Buffer.from('u:p').toString('base64')}`;
  assert.deepEqual(seen.sort(), [`/again ${basic}`, '/mono -', `/moved ${basic}`, 'cdn/stereo.mp3 -'].sort());
  await stage.end();
});

test('a long file plays from its first slice on; a damaged one as far as it goes', async () => {
  const stage = await mediaStage();
  const { clock, net, port, peer } = stage;
  const long = writeWav(sine(400, 8000 * 120), 8000);
  net.serveHttp('http://files.test', () => ({
    headers: { 'content-type': 'audio/wav' },
    body: long.subarray(0, 44 + 160_001),
  }));
  const started = clock.now();
  const playback = port.play([url('http://files.test/long.wav')], prompt);
  let startedAt = 0;
  playback.onEvent = ({ type }) => {
    if (type === 'started') startedAt = clock.now();
  };
  const result = await clock.settle(playback.done);
  assert.ok(startedAt - started < 50);
  assert.equal(result.reason, 'completed');
  assert.equal(result.playedMs, 10_000);
  assert.ok(levelDbov(peer.audio().subarray(8000, 70_000)) > -20);
  await stage.end();
});

test('one fetch serves all who wait for it, and one who fails does not fail the next', async () => {
  const stage = await mediaStage();
  const { clock, net, pool, peer, port } = stage;
  let requests = 0;
  let broken = true;
  net.serveHttp('http://files.test', async () => {
    requests++;
    await sleep(clock, 200);
    if (broken) return { status: 500 };
    return { headers: { 'cache-control': 'no-store' }, body: writeWav(sine(400, 1600), 8000) };
  });
  const other = await clock.settle(pool.open({ callSid: 'b', group: 'b', inactivityMs: 0 }));
  await clock.settle(other.answer(peer.sdp()));
  const both = (): Promise<string[]> =>
    clock.settle(
      Promise.all(
        [port, other].map(async (one) => (await one.play([url('http://files.test/a.wav')], prompt).done).reason),
      ),
    );
  assert.deepEqual(await both(), ['failed', 'failed']);
  assert.equal(requests, 1);
  broken = false;
  assert.deepEqual(await both(), ['completed', 'completed']);
  assert.equal(requests, 2);
  assert.deepEqual(await both(), ['completed', 'completed']);
  assert.equal(requests, 3, 'no-store is not kept');
  await stage.end();
});

test('digits as tones are heard as digits over what plays', async () => {
  const stage = await mediaStage({ sdp: { dtmf: false } });
  const { clock, peer, port } = stage;
  port.start();
  await clock.settle(port.sendDigits('18w#', 80));
  await clock.settle(port.digitsSent());
  await clock.runFor(100);
  const heard: string[] = [];
  const detector = new DtmfDetector(8000);
  detector.onDigit = ({ digit }) => heard.push(digit);
  detector.process(peer.audio());
  assert.deepEqual(heard, ['1', '8', '#']);
  await stage.end();
});

test('a long text takes the leg’s rate in turns: other legs have theirs meanwhile', async () => {
  const fake = fakeSpeech(0);
  const stage = await mediaStage({ speech: fake.speech });
  const { clock, port } = stage;
  let turns = 0;
  const soon = clock.soon.bind(clock);
  clock.soon = (run) => {
    turns++;
    soon(run);
  };
  const playback = port.play([say('x'.repeat(600))], prompt);
  const started = Promise.withResolvers<void>();
  playback.onEvent = ({ type }) => type === 'started' && started.resolve();
  await clock.settle(started.promise);
  assert.ok(turns >= 60, `a minute of speech in ${turns} turns`);
  await stage.end();
});

test('a prompt goes on while a whisper is fetched, and does not notice one that cannot be had', async () => {
  const stage = await mediaStage();
  const { clock, net, peer, port } = stage;
  net.serveHttp('http://slow.test', async ({ path }): Promise<SimHttpAnswer> => {
    await sleep(clock, 500);
    return path === '/none' ? { status: 404 } : { body: writeWav(sine(1000, 4000), 8000) };
  });
  const spoken = port.play([url('tone_stream://%(4000,0,400)')], prompt);
  await clock.runFor(1000);
  const whisper = (path: string) => port.play([url(`http://slow.test${path}`)], { layer: 'whisper', loop: 1 }).done;
  assert.equal((await clock.settle(whisper('/none'))).fault?.code, 'play-notfound');
  assert.equal((await clock.settle(whisper('/beep'))).playedMs, 500);
  assert.equal((await clock.settle(spoken.done)).playedMs, 4000);
  await clock.runFor(100);
  const pcm = peer.audio();
  const from = pcm.findIndex((x) => Math.abs(x) > 100);
  const sounding = pcm.subarray(
    from,
    pcm.findLastIndex((x) => Math.abs(x) > 100),
  );
  assert.ok(Math.abs(sounding.length - 36_000) < 400, `${sounding.length} samples: no pause but the whisper`);
  assert.deepEqual(gaps(sounding, 8000, 5, 100), []);
  assert.ok(worstClick(sounding, 8000).ratio < 3);
  await stage.end();
});

test('an address that is none is told as such', async () => {
  const stage = await mediaStage();
  for (const text of ['http://', 'http://u%zz:p@files.test/', 'ftp://files.test/a.wav', 'a.wav', 'tone_stream://%('])
    assert.equal(
      (await stage.clock.settle(stage.port.play([url(text)], prompt).done)).fault?.code,
      'play-format',
      text,
    );
  await stage.end();
});
