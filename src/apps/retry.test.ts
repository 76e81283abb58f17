// Retry options in the URL fragment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryDelay, retryRule } from './retry.ts';

for (const [fragment, webhook, socket, conditions] of [
  ['', 0, 5, ['ct']],
  ['#', 0, 5, ['ct']],
  ['#rc=3', 3, 3, ['ct']],
  ['#rc=-2', 2, 2, ['ct']],
  ['#rc=99', 5, 5, ['ct']],
  ['#rc=0', 0, 5, ['ct']],
  ['#rc=many', 0, 5, ['ct']],
  ['#rp=4xx,5xx&rc=1', 1, 1, ['4xx', '5xx']],
  ['#rc=1&rp=CT, RT', 1, 1, ['ct', 'rt']],
  ['#rc=1&rp=', 1, 1, ['ct']],
  ['#rc=1&rp=all', 1, 1, ['all']],
] as const) {
  test(`"${fragment}"`, () => {
    for (const [count, expected] of [
      [0, webhook],
      [5, socket],
    ] as const) {
      const rule = retryRule(`https://app.test/x?rc=4${fragment}`, count);
      assert.equal(rule.count, expected);
      assert.deepEqual([...rule.conditions], conditions);
    }
  });
}

test('waits grow by 2000 ms once the listed ones are used up', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8].map(retryDelay), [500, 1000, 2000, 4000, 6000, 8000, 10_000, 12_000]);
});
