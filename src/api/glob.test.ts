// Names found by glob patterns.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { glob } from './glob.ts';

test('a pattern finds the names it means', () => {
  for (const [pattern, found, not] of [
    ['support', ['support'], ['Support', 'support-2', '']],
    ['support*', ['support', 'support-2'], ['my-support']],
    ['*', ['', 'anything'], []],
    ['s?les', ['sales', 's.les'], ['sles', 'saales']],
    ['*-[ab]', ['x-a', '-b', 'x-a-b'], ['x-c', 'x-a-c']],
    ['q[0-9]', ['q0', 'q7'], ['qa', 'q10']],
    ['q[^0-9]', ['qa'], ['q1']],
    ['a\\*b', ['a*b'], ['axb']],
    ['*a*b*', ['ab', 'xxaxxbxx'], ['ba']],
    ['a.b', ['a.b'], ['axb']],
    ['[', ['['], ['x']],
  ] as const) {
    for (const name of found) assert.ok(glob(pattern)({ name }), `${pattern} finds ${name}`);
    for (const name of not) assert.ok(!glob(pattern)({ name }), `${pattern} does not find ${name}`);
  }
});

test('a pattern of many stars takes no long time', () => {
  assert.ok(!glob(`${'*a'.repeat(100)}b`)({ name: 'a'.repeat(200) }));
});
