// Scenes of two and more: a caller whose application dials phones, each with a tone of its own, and what each of them hears.
import assert from 'node:assert/strict';
import { gaps, sine, toneLevelDbov, worstClick } from '../../src/audio/index.ts';
import type { Phone, PhoneCall } from '../../src/rehearsal/phone.ts';
import { frameSamples, phoneRate } from '../../src/rehearsal/phone-audio.ts';
import type { StageOptions } from '../../src/rehearsal/stage.ts';
import type { IncomingInvite, SipRequest } from '../../src/sip/index.ts';
import { type Json, type Scene, scene, sidOf } from './scene.ts';

/** What the caller and the first dialled phone sing. */
export const callerHz = 437;
export const calledHz = 1_031;

/** A phone that is dialled: the calls and the INVITEs it got. */
export interface Callee {
  phone: Phone;
  uri: string;
  calls: PhoneCall[];
  invites: IncomingInvite[];
  /** CANCELs that came. */
  cancels: SipRequest[];
  /** Its last call. */
  call(): PhoneCall;
}

export interface DialScene extends Scene {
  /** Answers by path; may be changed at any time. */
  answers: Record<string, unknown>;
  /** A phone that rings after 50 ms and answers after `answerMs`, unless `take` does something else. */
  callee(options?: CalleeOptions): Promise<Callee>;
  /** call_sid of the `n`-th dialled leg. */
  childSid(n?: number): string;
  /** Statuses of one call_sid, as told to the application. */
  statusesOf(sid: string): string[];
  updateSid(sid: string, body: Json, wait?: boolean): Promise<{ status: number; reason?: string; body?: Json }>;
}

export interface CalleeOptions {
  name?: string;
  hz?: number;
  /** From ringing to 200. */
  answerMs?: number;
  take?(call: PhoneCall, invite: IncomingInvite): void;
}

/** Any scene of a stage. */
type Staged = Pick<Scene, 'stage'>;

/** Lets a phone sing. */
export function sing(call: PhoneCall, hz: number): void {
  const second = sine({ hz, amplitude: 8_000, samples: phoneRate, sampleRate: phoneRate });
  const framesPerSecond = phoneRate / frameSamples;
  call.audio.voice = (index) => {
    const at = (index % framesPerSecond) * frameSamples;
    return second.subarray(at, at + frameSamples);
  };
}

export async function dialScene(
  answers: Record<string, unknown>,
  options: Partial<StageOptions> = {},
): Promise<DialScene> {
  const s = await scene(answers as never, options);
  const childSids = (): string[] => [
    ...new Set(
      s.stage.events
        .filter((e) => e.event.type === 'created' && e.event.direction === 'outbound')
        .map((e) => e.callSid),
    ),
  ];
  const { dial: plainDial } = s;
  const dial: Scene['dial'] = async (headers) => {
    const call = await plainDial(headers);
    sing(call, callerHz);
    return call;
  };
  return Object.assign(s, {
    answers,
    dial,
    callee: (of: CalleeOptions = {}) => openCallee(s, of),
    childSid: (n = 0) => childSids()[n] ?? '',
    statusesOf: (sid: string) =>
      s
        .sentTo('/status')
        .filter((body) => body.call_sid === sid)
        .map((body) => String(body.call_status)),
    async updateSid(sid: string, body: Json, wait = false) {
      const outcome = await s.stage.clock.settle(
        s.stage.house.calls.update(s.stage.account.account_sid, sid, body, { wait }),
      );
      return 'refused' in outcome ? { status: outcome.http ?? 422, reason: outcome.reason } : outcome;
    },
  });
}

export async function openCallee(
  s: Staged,
  { name = 'bob', hz = calledHz, answerMs = 100, take }: CalleeOptions,
): Promise<Callee> {
  const phone = await s.stage.phone(name);
  const calls: PhoneCall[] = [];
  const invites: IncomingInvite[] = [];
  const cancels: SipRequest[] = [];
  phone.onCall = (call, invite) => {
    calls.push(call);
    invites.push(invite);
    const { onCancel } = invite;
    invite.onCancel = (request) => {
      cancels.push(request);
      onCancel(request);
    };
    sing(call, hz);
    if (take) return take(call, invite);
    s.stage.clock.after(50, () => invite.progress(180));
    s.stage.clock.after(50 + answerMs, () => invite.state === 'proceeding' && call.accept(invite));
  };
  return { phone, uri: phone.uri, calls, invites, cancels, call: () => calls.at(-1)! };
}

/** Level (dBov) of one frequency in what a phone heard from `fromMs` to `toMs` before now. */
export function heard(s: Staged, call: PhoneCall, hz: number, { last = 400, until = 0 } = {}): number {
  const now = s.stage.clock.now() - until;
  return toneLevelDbov(call.audio.between(now - last, now), hz, phoneRate);
}

/** A tone of a phone, or of ours, is there. */
export const loud = -25;
/** It is one of several, or a quiet one. */
export const there = -35;
/** Nothing of it is there. */
export const quiet = -55;

export function assertHears(
  s: Staged,
  call: PhoneCall,
  levels: Record<number, 'loud' | 'there' | 'quiet'>,
  last = 400,
): void {
  for (const [hz, wanted] of Object.entries(levels)) {
    const level = heard(s, call, Number(hz), { last });
    const right = wanted === 'quiet' ? level < quiet : level > (wanted === 'loud' ? loud : there);
    assert.ok(right, `${hz} Hz is ${Math.round(level)} dBov, wanted ${wanted}`);
  }
}

/** What a phone heard without a stop: no gap of more than 40 ms, no click, no packet missing. */
export function assertUnbroken(call: PhoneCall, from: number, to: number): void {
  const packets = call.audio.heard.filter((p) => p.at >= from && p.at < to);
  const pcm = call.audio.between(from, to);
  assert.deepEqual(gaps(pcm, phoneRate, 40), [], 'no gap of 40 ms');
  assert.ok(worstClick(pcm, phoneRate).ratio < 5, `a click of ${worstClick(pcm, phoneRate).ratio}`);
  packets.forEach((packet, i) => {
    const before = packets[i - 1];
    if (before) assert.equal((packet.sequence - before.sequence) & 0xffff, 1, 'a packet is missing');
  });
}

export { sidOf };
