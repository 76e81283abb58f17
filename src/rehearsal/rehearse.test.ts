// Rehearsals as CI runs them: every seed twice, no promise broken, and the two logs the same to the byte; in another process too.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { Coverage } from './coverage.ts';
import { rehearse } from './random-call.ts';

/** Each twice: what takes about half a minute of a core. */
const seeds = 30;
/** Run again by another process. */
const elsewhere = 7;

const cli = resolve(import.meta.dirname, '../cli.ts');
const digestOf = (log: string): string => createHash('sha256').update(log).digest('hex').slice(0, 12);

test(`${seeds} random rehearsals keep every promise, and replay exactly`, async () => {
  const coverage = new Coverage();
  for (let seed = 1; seed <= seeds; seed++) {
    const first = await rehearse(seed);
    const second = await rehearse(seed);
    assert.deepEqual(first.broken, [], `npm run rehearse -- --seed ${seed}`);
    assert.ok(first.log === second.log, `seed ${seed} does not replay`);
    coverage.add(first.cast);
    if (seed !== elsewhere) continue;
    const said = execFileSync(process.execPath, [cli, 'rehearse', '--seed', String(seed)], { encoding: 'utf8' });
    assert.ok(said.includes(digestOf(first.log)), `seed ${seed} is another in another process: ${said}`);
  }
  // They would prove little if nothing happened in them.
  for (const [field, shape] of [
    ['mute_status', 'bridge owner'],
    ['whisper', 'member'],
    ['call_hook', 'alone'],
    ['record', 'alone'],
  ] as const)
    assert.ok(coverage.acted(field, shape) > 0, `${field} never acted on a call that is ${shape}`);
  assert.ok(coverage.listened > 5, `only ${coverage.listened} times somebody was listened to`);
});
