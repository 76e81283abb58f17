// Singers: phones on the virtual clock that each sing a tone of their own, and who of them hears whom.
import assert from 'node:assert/strict';
import { sine, toneLevelDbov } from '../../src/audio/index.ts';
import type { Phone, PhoneCall } from '../../src/rehearsal/phone.ts';
import { frameSamples, phoneRate } from '../../src/rehearsal/phone-audio.ts';
import type { Scene } from './scene.ts';

/** Each a whole number of waves in a second, far apart. */
export const song = { alice: 400, bob: 700, carol: 1_000, dave: 1_300, erin: 1_700 } as const;
export type SingerName = keyof typeof song;

/** Of a song as it is sung: four together are far from full scale. */
const amplitude = 4_000;
/** What a song measures, in dBov, when nothing changed it. */
export const songDbov = 20 * Math.log10(amplitude / 32_768 / Math.SQRT2);
/** Louder it is there, softer than `absentDb` it is not; between them nothing may be. */
const presentDb = -30;
const absentDb = -50;

const phones = new WeakMap<Scene, Map<SingerName, Phone>>();

/** The singer calls the scene's application; resolves when answered. */
export async function singer(s: Scene, name: SingerName): Promise<PhoneCall> {
  const own = phones.get(s) ?? new Map<SingerName, Phone>();
  phones.set(s, own);
  const phone = own.get(name) ?? (await s.stage.phone(name));
  own.set(name, phone);
  const call = await phone.call(s.stage.uriOf(s.app));
  sing(call, song[name]);
  assert.equal(await s.stage.clock.settle(call.answered, 40_000), 200);
  return call;
}

export function sing(call: PhoneCall, hz: number): void {
  const second = sine({ hz, amplitude, samples: phoneRate, sampleRate: phoneRate });
  const frames = phoneRate / frameSamples;
  call.audio.voice = (index) => second.subarray((index % frames) * frameSamples, ((index % frames) + 1) * frameSamples);
}

/** Level of a tone in the last 200 ms, dBov. */
export const levelNow = (s: Scene, call: PhoneCall, hz: number): number =>
  toneLevelDbov(call.audio.between(s.stage.clock.now() - 200, s.stage.clock.now()), hz, phoneRate);

/** Who of the named is heard now. Fails for what is neither there nor absent. */
export function heardBy(s: Scene, call: PhoneCall, names: readonly SingerName[]): SingerName[] {
  return names.filter((name) => isHeard(s, call, song[name]));
}

export function isHeard(s: Scene, call: PhoneCall, hz: number): boolean {
  const level = levelNow(s, call, hz);
  assert.ok(level > presentDb || level < absentDb, `${hz} Hz at ${level.toFixed(1)} dBov`);
  return level > presentDb;
}

/** The same for all: each name with those it hears. */
export function whoHears(s: Scene, calls: Partial<Record<SingerName, PhoneCall>>): Record<string, string> {
  const names = Object.keys(calls) as SingerName[];
  return Object.fromEntries(names.map((name) => [name, heardBy(s, calls[name]!, names).join(' ')]));
}

/** Time of the first packet after `from` in which the tone is there, or is not. */
export function firstPacket(call: PhoneCall, hz: number, from: number, present: boolean): number {
  const packet = call.audio.heard.find((one) => {
    if (one.at < from) return false;
    const level = toneLevelDbov(one.pcm, hz, phoneRate);
    return present ? level > presentDb - 3 : level < absentDb;
  });
  assert.ok(packet, `${hz} Hz was ${present ? 'never' : 'always'} there`);
  return packet.at;
}
