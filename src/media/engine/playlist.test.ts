// Playlists against the plain idea of them: all passes of all sources written out one after the other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SeededRandom, seededRandom } from '../../base/sim/index.ts';
import { Clip } from './clip.ts';
import { Playlist } from './playlist.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Source {
  pcm: Int16Array;
  repeat: number;
}

function randomSources(random: SeededRandom): Source[] {
  let next = 1;
  return Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => ({
    pcm: Int16Array.from({ length: Math.floor(random.next() ** 2 * 400) }, () => next++),
    repeat: 1 + Math.floor(random.next() * 3),
  }));
}

const onePass = (sources: readonly Source[]): number[] =>
  sources.flatMap(({ pcm, repeat }) => Array.from({ length: repeat }, () => [...pcm]).flat());

/** Reads frames of random lengths until the end; loading takes a turn or two. */
async function drain(playlist: Playlist, random: SeededRandom): Promise<number[]> {
  const heard: number[] = [];
  const frame = new Int16Array(320);
  for (let idle = 0; idle < 20; ) {
    const count = 1 + Math.floor(random.next() * 320);
    const n = playlist.read(frame, 0, count);
    heard.push(...frame.subarray(0, n));
    if (playlist.state === 'ended' || playlist.state === 'failed') return heard;
    if (n < count) {
      idle++;
      await settle();
    } else idle = 0;
  }
  throw new Error('the playlist hangs');
}

test('any list, any passes, any seek, read in any pieces: every sample once and in order', async () => {
  const random = seededRandom('playlists');
  for (let round = 0; round < 300; round++) {
    const sources = randomSources(random);
    const passes = 1 + Math.floor(random.next() * 3);
    const pass = onePass(sources);
    const seek = random.next() < 0.5 ? 0 : Math.floor(random.next() * (pass.length + 50));
    const load = async (item: number): Promise<Clip> => {
      if (random.next() < 0.5) await settle();
      return Clip.of(sources[item]!.pcm, 8000, sources[item]!.repeat);
    };
    const make = (more: Partial<ConstructorParameters<typeof Playlist>[0]> = {}): Playlist =>
      new Playlist({ items: sources.length, passes, seek, sampleRate: 8000, load, ...more });
    const expected = Array.from({ length: passes }, (_, i) => pass.slice(i === 0 ? seek : 0)).flat();
    const playlist = make();
    const heard = await drain(playlist, random);
    assert.deepEqual(heard, expected, `round ${round}`);
    const end = playlist.position();
    assert.equal(end.playedMs, Math.round(expected.length / 8));

    // Another playlist, resumed where one stopped, gives the rest.
    const first = make();
    const frame = new Int16Array(100);
    const before: number[] = [];
    for (let i = 0; i < 3; i++) {
      await settle();
      await settle();
      const n = first.read(frame, 0, 100);
      before.push(...frame.subarray(0, n));
      if (n === 0) break;
    }
    if (first.state === 'ended') continue;
    const after = await drain(make({ resume: first.position() }), random);
    assert.deepEqual([...before, ...after], expected, `resumed in round ${round}`);
  }
});

test('a clip that grows is waited for and not ended early; peeking moves nothing', async () => {
  const clip = Clip.growing(8000);
  const playlist = new Playlist({ items: 1, passes: 1, seek: 0, sampleRate: 8000, load: async () => clip });
  const frame = new Int16Array(10);
  await settle();
  assert.equal(playlist.read(frame, 0, 10), 0);
  clip.append(Int16Array.of(1, 2, 3, 4, 5, 6));
  assert.equal(playlist.read(frame, 0, 4), 4);
  assert.equal(playlist.samplesLeft(), Number.POSITIVE_INFINITY);
  const peeked = new Int16Array(4);
  assert.equal(playlist.peek(peeked), 2);
  assert.deepEqual([...peeked], [5, 6, 0, 0]);
  assert.equal(playlist.read(frame, 0, 10), 2);
  assert.equal(playlist.state, 'loading');
  clip.append(Int16Array.of(7));
  clip.finish();
  assert.equal(playlist.read(frame, 0, 10), 1);
  assert.equal(playlist.state, 'ended');
  assert.equal(playlist.samplesLeft(), 0);
});

test('nothing but empty sources ends at once, even for ever', async () => {
  for (const passes of [1, 5, Number.POSITIVE_INFINITY]) {
    const load = async (): Promise<Clip> => Clip.of(new Int16Array(0), 8000, Number.POSITIVE_INFINITY);
    const playlist = new Playlist({ items: 3, passes, seek: 0, sampleRate: 8000, load });
    await settle();
    const frame = new Int16Array(160);
    for (let i = 0; i < 5; i++) {
      assert.equal(playlist.read(frame, 0, 160), 0);
      await settle();
    }
    assert.equal(playlist.state, 'ended');
  }
});

test('a seek waits until its place has been decoded', async () => {
  const clip = Clip.growing(8000);
  clip.append(new Int16Array(1000).fill(1));
  const playlist = new Playlist({ items: 1, passes: 1, seek: 5000, sampleRate: 8000, load: async () => clip });
  await settle();
  const frame = new Int16Array(160);
  assert.equal(playlist.read(frame, 0, 160), 0);
  assert.equal(playlist.state, 'loading');
  clip.append(new Int16Array(6000).fill(2));
  clip.finish();
  assert.equal(playlist.read(frame, 0, 160), 160);
  assert.equal(playlist.position().offset, 5160);
});

test('a source that fails ahead of its turn is asked for once more, in its turn, and not with every frame', async () => {
  let asked = 0;
  const slow = Promise.withResolvers<Clip>();
  const load = async (item: number): Promise<Clip> => {
    if (item === 0) return slow.promise;
    asked++;
    throw new Error('nobody there');
  };
  const playlist = new Playlist({ items: 2, passes: 1, seek: 0, sampleRate: 8000, load });
  const frame = new Int16Array(160);
  const readOn = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) {
      playlist.read(frame, 0, 160);
      await settle();
    }
  };
  await readOn();
  assert.equal(asked, 1);
  slow.resolve(Clip.of(new Int16Array(160), 8000));
  await readOn();
  assert.equal(asked, 2);
  assert.equal(playlist.state, 'failed');
});
