// Seeded chance: the same seed gives the same run, and the numbers are evenly spread.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { seededRandom } from './index.ts';

it('repeats itself by seed', () => {
  const draw = (seed: string | number): number[] => {
    const random = seededRandom(seed);
    return [random.next(), ...random.bytes(5), random.next()];
  };
  assert.deepEqual(draw('a'), draw('a'));
  assert.deepEqual(draw(7), draw('7'));
  assert.notDeepEqual(draw('a'), draw('b'));
});

it('never changes from one version to the next, so that a seed in a bug report stays good', () => {
  const random = seededRandom('crosspoint');
  assert.deepEqual([...random.bytes(8)], [134, 197, 75, 86, 20, 185, 41, 96]);
  assert.equal(random.next(), 0.7434540515613779);
});

it('forks streams that do not disturb each other', () => {
  const one = seededRandom('x');
  const two = seededRandom('x');
  two.fork('other').next();
  assert.equal(one.next(), two.next());
  assert.equal(one.fork('a').next(), seededRandom('x').fork('a').next());
  assert.notEqual(one.fork('a').next(), one.fork('b').next());
});

it('spreads evenly over [0, 1) and over bytes', () => {
  const random = seededRandom('spread');
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) {
    const value = random.next();
    assert.ok(value >= 0 && value < 1);
    tenths[Math.floor(value * 10)]!++;
  }
  for (const count of tenths) assert.ok(Math.abs(count - 10_000) < 400, `${tenths}`);
  const sum = random.bytes(100_000).reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum / 100_000 - 127.5) < 1);
  assert.equal(random.bytes(0).length, 0);
});
