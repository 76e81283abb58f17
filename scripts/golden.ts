// Writes what is generated from the code and committed: schemas, OpenAPI, examples, pages. `npm run golden`; with --check it only compares.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Each writes its own files, or with --check compares them and ends with 1. The verbs' schemas come first: the others load them. */
const programs = ['generate-verb-schemas.ts', 'generate-payload-examples.ts', 'generate-openapi.ts'];

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Files whose whole text one function gives. Imported when asked for, as the programs above may have changed what they stand on. */
const pages: Record<string, () => Promise<string>> = {
  'docs/configuration.md': async () => (await import('../src/config.ts')).configurationPage(),
  'docs/live-control.md': async () => (await import('../src/commands/index.ts')).liveControlText(),
  'test/golden/verbs.json': async () => json((await import('../src/verbs/index.ts')).verbSurface()),
  'test/golden/commands.json': async () => json((await import('../src/commands/index.ts')).commandSurface()),
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
for (const [name, text] of Object.entries(pages)) if (!page(name, await text())) failed = true;
process.exitCode = failed ? 1 : 0;

/** Writes the page, or says that it is stale. */
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
