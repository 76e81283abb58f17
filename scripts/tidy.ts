// tidy: checks what the compiler cannot, the rules of the house. Usage: node scripts/tidy.ts [path ...] shows only complaints below these paths.
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as house from './tidy/house.ts';
import { type Project, readProject } from './tidy/project.ts';
import { type Complaint, rules } from './tidy/rules.ts';

/** Every complaint, by file and line. */
export function tidy(root: string): Complaint[] {
  return complaintsOf(readProject(root, readTexts(root)));
}

export function complaintsOf(project: Project): Complaint[] {
  const all = rules.flatMap((rule) => [...rule(project)]);
  return all.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
}

export const complaintText = ({ path, line, text }: Complaint): string => `${path}:${line}: ${text}`;

function readTexts(root: string): Map<string, string> {
  const skipped = (path: string): boolean =>
    house.skippedFolders.some((folder) => path === folder || path.endsWith(`/${folder}`));
  const paths = globSync(['**/*', '.ci/*'], { cwd: root, exclude: skipped });
  const wanted = paths.filter((path) => house.textFiles.test(path) && !house.skippedFiles.test(path)).sort();
  return new Map(wanted.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

function main(): void {
  const below = process.argv.slice(2).map((path) => path.replace(/^\.\//, '').replace(/\/$/, ''));
  const shown = tidy(resolve(import.meta.dirname, '..')).filter(
    ({ path }) => below.length === 0 || below.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)),
  );
  for (const one of shown) console.log(complaintText(one));
  if (shown.length > 0)
    console.log(`${shown.length} against the rules of the house (STYLE.md; the tables are in scripts/tidy/house.ts)`);
  process.exitCode = shown.length > 0 ? 1 : 0;
}

if (import.meta.main) main();
