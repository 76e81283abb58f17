// Rehearsals as CI runs them: every seed twice, no promise broken, and the two logs the same to the byte; one of them in another process too.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { Coverage } from '../../src/rehearsal/coverage.ts';
import { rehearse } from '../../src/rehearsal/random-call.ts';
import { root } from './program.ts';

const digestOf = (log: string): string => createHash('sha256').update(log).digest('hex').slice(0, 12);

/** One test for each seed from `first` to `last`; together they must have seen enough. */
export function rehearsals(first: number, last: number): void {
  const coverage = new Coverage();
  for (let seed = first; seed <= last; seed++) {
    test(`npm run rehearse -- --seed ${seed}`, async () => {
      const one = await rehearse(seed);
      const again = await rehearse(seed);
      assert.deepEqual(one.broken, []);
      assert.ok(one.log === again.log, 'two runs of the seed differ');
      coverage.add(one.cast);
      if (seed === last) assertElsewhere(seed, one.log);
    });
  }

  test('enough happened in them to prove something', () => {
    for (const [field, shape] of [
      ['mute_status', 'bridge owner'],
      ['whisper', 'member'],
      ['call_hook', 'alone'],
      ['record', 'alone'],
    ] as const)
      assert.ok(coverage.acted(field, shape) > 0, `${field} never acted on a call that is ${shape}`);
    assert.ok(coverage.listened > 5, `only ${coverage.listened} times somebody was listened to`);
  });
}

/** After many others in one process a seed gives what it gives alone. */
function assertElsewhere(seed: number, log: string): void {
  const cli = join(root, 'src/cli.ts');
  const said = execFileSync(process.execPath, [cli, 'rehearse', '--seed', String(seed)], { encoding: 'utf8' });
  assert.ok(said.includes(digestOf(log)), `another in another process: ${said}`);
}
