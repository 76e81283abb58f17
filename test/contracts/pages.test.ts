// Pages that list things: every alert, event type and field of an update that there is stands on its page.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commands } from '../../src/commands/index.ts';
import { root } from '../kit/program.ts';

const read = (path: string): string => readFileSync(`${root}/${path}`, 'utf8');
const sources = globSync('src/**/*.ts', { cwd: root })
  .filter((path) => !path.endsWith('.test.ts'))
  .map(read);
const missing = (page: string, names: Iterable<string>): string[] =>
  [...new Set(names)].filter((name) => !page.includes(`\`${name}\``)).sort();

test('every alert stands in events.md', () => {
  const alerts = sources.flatMap((text) => [...text.matchAll(/\.alert\(\s*'([a-z-]+)'/g)].map((match) => match[1]!));
  assert.ok(alerts.length > 10);
  assert.deepEqual(missing(read('docs/events.md'), alerts), []);
});

test('every type of event stands in events.md', () => {
  const union = /export type CallEventType =([^;]+);/.exec(read('src/calls/events.ts'))?.[1] ?? '';
  const types = [...union.matchAll(/'([a-z-]+)'/g)].map((match) => match[1]!);
  assert.ok(types.length > 30, `${types.length} types`);
  assert.deepEqual(missing(read('docs/events.md'), types), []);
});

test('every field of an update stands in the README', () => {
  const words = new Set(read('README.md').split(/[^\w]+/));
  assert.deepEqual(
    commands.map(({ rest }) => rest).filter((name) => !words.has(name)),
    [],
  );
});
