// Writes what is generated from the code and committed: verb schemas, callback examples, pages. `npm run golden`; with --check it only compares.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandSurface } from '../src/commands/index.ts';
import { configurationPage } from '../src/config.ts';
import { verbSurface } from '../src/verbs/index.ts';

/** Each writes its own files, or with --check compares them and ends with 1. In this order: later ones may load what earlier ones write. */
const programs = ['generate-verb-schemas.ts', 'generate-payload-examples.ts', 'generate-openapi.ts'];

/** Pages whose whole text one function gives. */
const pages: Record<string, () => string> = {
  'docs/configuration.md': configurationPage,
  'test/golden/commands.json': () => `${JSON.stringify(commandSurface(), null, 2)}\n`,
  'test/golden/verbs.json': () => `${JSON.stringify(verbSurface(), null, 2)}\n`,
};

const options = process.argv.slice(2);
const check = options.includes('--check');
const unknown = options.find((option) => option !== '--check');
if (unknown !== undefined) {
  console.error(`unknown option ${unknown}; there is --check`);
  process.exit(2);
}

let failed = false;
for (const program of programs) {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const done = spawnSync(process.execPath, [path, ...options], { stdio: 'inherit' });
  if (done.status !== 0) failed = true;
}
for (const [name, text] of Object.entries(pages)) if (!page(name, text())) failed = true;
process.exitCode = failed ? 1 : 0;

/** Writes the page, or says whether it is as it should be. */
function page(name: string, text: string): boolean {
  const file = new URL(`../${name}`, import.meta.url);
  if (current(file) === text) return true;
  if (check) console.error(`${name} is stale: run npm run golden`);
  else writeFileSync(file, text);
  return !check;
}

function current(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
