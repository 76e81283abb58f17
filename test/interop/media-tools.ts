// Runs ffmpeg and sox, the independent implementations our codecs and file readers are held against.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Output of a command that takes and gives bytes. Throws with its own words when it fails or is missing. */
export function run(command: 'ffmpeg' | 'sox', args: readonly string[], input?: Uint8Array): Buffer {
  const result = spawnSync(command, args, { input, maxBuffer: 256 << 20 });
  if (result.error)
    throw new Error(`${command} did not start; install it with: apt-get install ffmpeg sox`, { cause: result.error });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr.toString()}`);
  return result.stdout;
}

const quiet = ['-hide_banner', '-loglevel', 'error'];

/** ffmpeg from standard input to standard output. */
export const ffmpeg = (from: readonly string[], to: readonly string[], input: Uint8Array): Buffer =>
  run('ffmpeg', [...quiet, ...from, '-i', 'pipe:0', ...to, 'pipe:1'], input);

export const rawIn = (sampleRate: number): string[] => ['-f', 's16le', '-ar', String(sampleRate), '-ac', '1'];

export const bytesOf = (pcm: Int16Array): Uint8Array => new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);

export const samplesOf = (bytes: Uint8Array): Int16Array =>
  new Int16Array(new Uint8Array(bytes).buffer, 0, bytes.length >> 1);

/** A folder that goes when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-audio-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
