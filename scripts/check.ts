// npm run check: types, style and the rules of the house, in one readable result. Each check also is a test (test/check.test.ts).
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { complaintText, tidy } from './tidy.ts';

const root = resolve(import.meta.dirname, '..');

export interface Check {
  name: string;
  /** Empty when all is well, else what is wrong, fit to print. */
  run(): string;
}

function program(name: string, ...args: string[]): string {
  const done = spawnSync(join(root, 'node_modules/.bin', name), args, { cwd: root, encoding: 'utf8' });
  if (done.error) return `${name} could not be started: ${done.error.message}; run npm ci`;
  return done.status === 0 ? '' : `${done.stdout}${done.stderr}`.trim() || `${name} ended with ${done.status}`;
}

export const checks: Check[] = [
  { name: 'types (tsc)', run: () => program('tsc', '-p', '.') },
  {
    name: 'style (biome)',
    run: () => program('biome', 'check', '--error-on-warnings', '--diagnostic-level=warn', '.'),
  },
  { name: 'rules of the house (tidy)', run: () => tidy(root).map(complaintText).join('\n') },
];

function main(): void {
  let failed = 0;
  for (const check of checks) {
    const started = performance.now();
    const complaints = check.run();
    const took = `${((performance.now() - started) / 1000).toFixed(1)} s`;
    console.log(`${complaints ? '✖' : '✔'} ${check.name} (${took})`);
    if (complaints) console.log(`${complaints}\n`);
    if (complaints) failed++;
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

if (import.meta.main) main();
