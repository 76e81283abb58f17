// The table: to the terminal and to bench/RESULTS.md, which shows the latest of each measure (bench/results.json).
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { resolve } from 'node:path';
import type { Row } from './subject/bench.ts';

const file = resolve(import.meta.dirname, 'RESULTS.md');
const keptFile = resolve(import.meta.dirname, 'results.json');

/** The latest rows of each measure, and where they were found. */
type Kept = Record<string, { day: string; machine: string; rows: Row[] }>;

function readKept(): Kept {
  try {
    return JSON.parse(readFileSync(keptFile, 'utf8')) as Kept;
  } catch {
    return {};
  }
}

export function keep(measure: string, rows: Row[]): void {
  const kept = { ...readKept(), [measure]: { day: new Date().toISOString().slice(0, 10), machine: machine(), rows } };
  writeFileSync(keptFile, `${JSON.stringify(kept, null, 2)}\n`);
}
const notesFrom = '<!-- notes: written by hand, kept by the bench -->';

/** Measured on the machine below with an independent load generator; C dialplans without a webhook, jambonz with one. */
const peers = `| | FreeSWITCH 1.11.2 | Asterisk 22.10.1 | jambonz 0.9.8 |
|---|---|---|---|
| prompt calls per core, RTP both ways | ~310 | ~330 | ~175 |
| calls per second on two cores, 1 s of prompt | 150–200 | 450 | 50 |
| set-up p50, play | 4.1 ms | 1.3 ms | 22 ms |
| memory per prompt call | 0.49 MB | 0.19 MB | 2.2–3 MB |
`;

const verdict = (row: Row): string => (row.met === undefined ? '' : row.met ? 'met' : '**missed**');

export function printTable(rows: readonly Row[]): void {
  const cells = [
    ['', 'what', 'found', 'aim', ''],
    ...rows.map((r) => [r.id, r.what, r.found, r.aim, verdict(r).replaceAll('*', '')]),
  ];
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  for (const row of cells) console.log(row.map((cell, i) => cell.padEnd(widths[i]!)).join('  '));
}

/** Hand-written notes below the marker stay. */
export function writeResults(order: readonly string[]): void {
  const kept = readKept();
  const shown = order.flatMap((name) => kept[name] ?? []);
  const rows = shown.flatMap((one) => one.rows);
  const machines = [...new Set(shown.map((one) => `${one.machine}, ${one.day}`))];
  const lines = rows.map((r) => `| ${r.id} | ${r.what} | ${r.found} | ${r.aim} | ${verdict(r)} |`);
  const details = rows
    .filter((r) => r.note !== '')
    .map((r) => `- ${r.id === '' ? '' : `(${r.id}) `}${r.what}: ${r.note}`);
  const text = `# Results of \`npm run bench\`

Written by \`npm run bench\`; \`-- --only a,b\` measures, and changes, only some. Machine: ${machines.join('; ')}.
Server, media worker, database, application and load generator share it; figures of one run differ from the next by some percent.

| | what | found | aim | |
|---|---|---|---|---|
${lines.join('\n')}

## In detail

${details.join('\n')}

## Peers

Measured on a 2-core virtual machine (November 2026) with another, independent load generator written in C. FreeSWITCH and Asterisk ran
dialplans with no webhook; jambonz asked a local webhook for each call, as this bench does.

${peers}
${notesFrom}
${notes()}`;
  writeFileSync(file, text);
}

function notes(): string {
  try {
    return readFileSync(file, 'utf8').split(`${notesFrom}\n`)[1] ?? '';
  } catch {
    return '';
  }
}

function machine(): string {
  const all = cpus();
  return `${all.length} cores of ${all[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.version}`;
}
