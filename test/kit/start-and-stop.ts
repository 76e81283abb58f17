// What tests of starting and stopping the program share: a live call, a polite stop that leaves nothing, what it prints.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Hooks } from './hooks.ts';
import { alive } from './processes.ts';
import type { Program, Ready } from './program.ts';
import { Ua, type UaCall } from './ua/ua.ts';
import { until } from './until.ts';

/** What the program promises to take to stop. */
const stopMs = 5_000;
/** A folder that nobody else can enter, which goes when the test ends. */
export function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-boot-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  return folder;
}

/** The text of the one line on standard output. */
export function readLine(stdout: string): Ready {
  assert.equal(stdout.split('\n').length, 2, stdout);
  return JSON.parse(stdout) as Ready;
}

/** Lines on standard error that are no log lines. */
export const saidTo = (stderr: string): string[] =>
  stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));

/** Copies of the database's programs, which root needs where its clone is closed to others. */
const copiesOfPostgres = (): string[] =>
  readdirSync('/var/tmp').filter((name) => name.startsWith('crosspoint-postgres-'));
const copiesBefore = copiesOfPostgres();
export const newCopies = (): string[] => copiesOfPostgres().filter((name) => !copiesBefore.includes(name));

/** A call that goes on, over a hook that hears of its end. */
export async function liveCall(program: Program, hooks: Hooks): Promise<{ ua: Ua; call: UaCall }> {
  const ua = await Ua.open('udp', program.sipPort);
  const call = await ua.call(`app-${await program.application(hooks)}`);
  assert.equal(call.finalStatus, 200, call.reason);
  await until(() => call.rtp.received.length > 10, { what: 'audio' });
  return { ua, call };
}

/** Sends SIGTERM to what was started (npm or the server), and judges the end. */
export async function stopped(program: Program): Promise<{ ms: number }> {
  const processes = program.processes();
  const ended = await program.stop();
  assert.deepEqual([ended.code, ended.signal], [0, null], program.stderr);
  assert.ok(ended.ms < stopMs, `${ended.ms} ms`);
  assert.deepEqual(processes.filter(alive), [], 'processes were left behind');
  return ended;
}
