// Who answers a call, for tests of amd: a far end that beeps when it is told to, and a recognizer that is told what it said.
import { sine } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { frameSamples, phoneRate } from '../../src/rehearsal/phone-audio.ts';
import type { Scene } from './scene.ts';
import { type SttServer, sttCredential, sttServer } from './stt-server.ts';

/** Listens where `recognizer` names it, and says what the test tells it to. */
export async function listener(s: Pick<Scene, 'stage'>): Promise<SttServer> {
  const server = sttServer(s.stage, 'ws://stt.example/');
  await sttCredential(s, 'ear', 'ws://stt.example/');
  return server;
}

export const recognizer = { vendor: 'custom:ear', language: 'en-US' };

/** A phone that is silent, but for beeps. */
export function beeper(call: PhoneCall): { beep(hz?: number, ms?: number): void } {
  let frames: Int16Array[] = [];
  call.audio.voice = () => frames.shift();
  return {
    beep(hz = 1_000, ms = 400) {
      const tone = sine({ hz, amplitude: 8_000, samples: (phoneRate * ms) / 1000, sampleRate: phoneRate });
      frames = [];
      for (let at = 0; at < tone.length; at += frameSamples) frames.push(tone.subarray(at, at + frameSamples));
    },
  };
}

/** What amd told its hook, in order, without `amd_`. */
export const told = (s: Pick<Scene, 'sentTo'>, path = '/amd'): string[] =>
  s.sentTo(path).map(({ type }) => String(type).replace(/^amd_/, ''));
