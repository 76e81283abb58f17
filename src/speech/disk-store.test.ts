// The folder of rendered speech: survives damage, other processes and its own limit.
import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sine, WavDecoder } from '../audio/index.ts';
import { type LogFields, makeLog, realClock, silentLog } from '../base/index.ts';
import { makeDiskStore } from './disk-store.ts';
import { makeSpeech, type SpeechVendor } from './index.ts';

const clock = realClock();
const speech = { pcm: sine({ hz: 300, amplitude: 5000, samples: 1600, sampleRate: 16_000 }), sampleRate: 16_000 };

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-speech-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'cache');
}

const storeIn = (folder: string, limitBytes = 1 << 20) => makeDiskStore({ clock, log: silentLog, folder, limitBytes });

test('what was put is got back, also by another process, and any player opens it', async (t) => {
  const folder = folderFor(t);
  const store = storeIn(folder);
  assert.equal(await store.get('k1'), undefined);
  await store.put('k1', speech);
  assert.deepEqual(await storeIn(folder).get('k1'), speech);
  const decoder = new WavDecoder();
  assert.deepEqual(decoder.decode(readFileSync(join(folder, 'k1.speech.wav'))), speech.pcm);
  assert.equal(decoder.sampleRate, 16_000);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, 'k1.speech.wav')).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['k1.speech.wav']);
});

test('a damaged file is a miss, and gone', async (t) => {
  const folder = folderFor(t);
  const store = storeIn(folder);
  await store.put('good', speech);
  const good = readFileSync(join(folder, 'good.speech.wav'));
  const flipped = Buffer.from(good);
  flipped[500] = flipped[500]! ^ 1;
  const damages = {
    empty: Buffer.alloc(0),
    short: good.subarray(0, 60),
    cut: good.subarray(0, -1),
    flipped,
    text: Buffer.from('x'.repeat(200)),
  };
  for (const [name, bytes] of Object.entries(damages)) {
    writeFileSync(join(folder, `${name}.speech.wav`), bytes);
    assert.equal(await store.get(name), undefined, name);
  }
  assert.deepEqual(readdirSync(folder), ['good.speech.wav']);
});

test('the folder stays below its limit; what was used longest ago goes, half-written files too', async (t) => {
  const folder = folderFor(t);
  // Each file has 3256 bytes; ten fit.
  const store = storeIn(folder, 33_000);
  mkdirSync(folder, { recursive: true });
  const old = clock.now() / 1000 - 3600;
  writeFileSync(join(folder, 'left-behind.speech.tmp'), 'half');
  utimesSync(join(folder, 'left-behind.speech.tmp'), old, old);
  writeFileSync(join(folder, 'just-now.speech.tmp'), 'half');
  for (let i = 0; i < 9; i++) {
    await store.put(`k${i}`, speech);
    utimesSync(join(folder, `k${i}.speech.wav`), old + i, old + i);
  }
  assert.deepEqual(await store.get('k0'), speech);
  for (let i = 9; i < 12; i++) await store.put(`k${i}`, speech);
  await store.close();
  const names = readdirSync(folder);
  const bytes = names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  assert.ok(bytes <= 33_000 + 3256 * 2, `${bytes} bytes`);
  assert.ok(names.includes('k0.speech.wav'), 'the one just used stays');
  assert.ok(!names.includes('k1.speech.wav'), 'the oldest goes');
  assert.ok(names.includes('k11.speech.wav'), 'the newest stays');
  assert.ok(!names.includes('left-behind.speech.tmp'));
  assert.ok(names.includes('just-now.speech.tmp'), 'somebody may be writing it');
});

test('two processes that write the same key at once leave one whole file', async (t) => {
  const folder = folderFor(t);
  const stores = Array.from({ length: 4 }, () => storeIn(folder));
  await Promise.all(stores.map((store) => store.put('same', speech)));
  assert.deepEqual(await stores[0]!.get('same'), speech);
  assert.deepEqual(readdirSync(folder), ['same.speech.wav']);
});

test('a folder that cannot be written is told once per try and harms nobody', async (t) => {
  const folder = folderFor(t);
  writeFileSync(folder, 'a file where the folder should be');
  const lines: [string, LogFields][] = [];
  const log = makeLog((_level, message, fields) => lines.push([message, fields]));
  const store = makeDiskStore({ clock, log, folder, limitBytes: 1 << 20 });
  await store.put('k', speech);
  assert.equal(await store.get('k'), undefined);
  assert.equal(lines.length, 1);
  assert.match(lines[0]![0], /cannot be written/);
});

test('purge takes our files and no others', async (t) => {
  const folder = folderFor(t);
  const store = storeIn(folder);
  await store.put('k', speech);
  writeFileSync(join(folder, 'music.wav'), 'not ours');
  await store.purge();
  assert.deepEqual(readdirSync(folder), ['music.wav']);
  assert.equal(await store.get('k'), undefined);
  await store.put('k', speech);
  assert.deepEqual(await store.get('k'), speech);
});

test('speech of an earlier run is found on disk, and close waits for what is being written', async (t) => {
  const folder = folderFor(t);
  let asked = 0;
  const vendor: SpeechVendor = {
    name: 'robot',
    voices: [],
    takes: () => true,
    makeSynthesizer: () => ({
      check: () => undefined,
      synthesize: async () => {
        asked++;
        return speech;
      },
      close: async () => {},
    }),
  };
  const http = (): Promise<never> => Promise.reject(new Error('none'));
  const choice = { vendor: 'robot', language: 'en-US', voice: 'a' };
  for (const fromCache of [false, true]) {
    const room = makeSpeech({ clock, http, vendors: [vendor], cacheDir: folder });
    const spoken = await room.speak(choice, 'hello');
    assert.equal(spoken.fromCache, fromCache);
    assert.deepEqual(spoken.pcm, speech.pcm);
    await room.close();
  }
  assert.equal(asked, 1);
});
