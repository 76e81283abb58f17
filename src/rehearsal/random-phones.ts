// The people of a rehearsal: they call, pick up or do not, press keys, hold, transfer, and have phones of many habits.
import { sine } from '../audio/index.ts';
import { type Random, randomInt } from '../base/index.ts';
import type { IncomingInvite, IncomingReinvite, IncomingRequest } from '../sip/index.ts';
import type { Phone, PhoneCall } from './phone.ts';
import { frameSamples, type PhoneCodec, phoneRate } from './phone-audio.ts';
import type { Cast } from './random-call.ts';
import { pick } from './random-json.ts';
import type { Stage } from './stage.ts';

/** What each phone speaks, the dearest first. */
const codecsOf: readonly (readonly PhoneCodec[])[] = [
  ['PCMU'],
  ['PCMA', 'PCMU'],
  ['PCMU', 'PCMA'],
  ['PCMA'],
  ['G722', 'PCMU'],
];
const names = ['alice', 'bob', 'carol', 'dave', 'erin'];

/** Each phone sings its own note, so that it is known who hears whom. Whole periods in 100 ms; no note of an application is as high. */
const notes = [1_500, 1_730, 1_970, 2_210, 2_450];
export const voiceAmplitude = 8_000;
/** Sings so many frames, then draws breath. */
const singingFrames = 150;
const breathFrames = 40;

export interface Person {
  readonly phone: Phone;
  readonly hz: number;
}

export async function openPeople(stage: Stage): Promise<Person[]> {
  const people: Person[] = [];
  for (const [i, name] of names.entries()) people.push({ phone: await stage.phone(name, codecsOf[i]), hz: notes[i]! });
  return people;
}

const songs = new Map<number, Int16Array>();

function sing(call: PhoneCall, hz: number): void {
  const samples = phoneRate / 10;
  const song = songs.get(hz) ?? sine({ hz, amplitude: voiceAmplitude, samples, sampleRate: phoneRate });
  songs.set(hz, song);
  call.audio.voice = (index) => {
    if (index % (singingFrames + breathFrames) >= singingFrames) return undefined;
    const at = (index * frameSamples) % song.length;
    return song.subarray(at, at + frameSamples);
  };
}

/** A phone calls an application: over UDP or TCP, mostly with an offer. */
export async function dial(cast: Cast): Promise<void> {
  const { stage, programs, people } = cast;
  const { random } = stage;
  const application = pick(random, programs.applications);
  const transport = random.next() < 0.3 ? ';transport=tcp' : '';
  const person = pick(random, people);
  const call = await person.phone.call(stage.uriOf(application) + transport, { late: random.next() < 0.1 });
  join(cast, call, person);
}

function join({ stage, calls, voices }: Cast, call: PhoneCall, { hz }: Person): void {
  calls.push(call);
  voices.set(call, hz);
  sing(call, hz);
  const refuses = randomInt(stage.random, 8);
  call.onReinvite = (reinvite) => answerReinvite(stage, call, reinvite, refuses);
  call.onRequest = (incoming) => answerRequest(stage, call, incoming);
}

/** A phone is called: it answers, at once or after ringing, or it does not, or it names another. */
export function pickUp(cast: Cast, person: Person, call: PhoneCall, invite: IncomingInvite): void {
  const { stage, people } = cast;
  const dice = randomInt(stage.random, 16);
  const turnDown = (status: number, contact?: string): void => {
    call.refused(status);
    invite.reject(status, undefined, contact === undefined ? {} : { headers: { Contact: `<${contact}>` } });
  };
  if (dice === 0) return turnDown(486);
  if (dice === 1) return turnDown(302, pick(stage.random, people).phone.uri);
  join(cast, call, person);
  if (dice > 9) return call.accept(invite);
  if (dice > 7) call.early(invite);
  else invite.progress(180, 'Ringing');
  if (dice === 2) return;
  stage.clock.after(400, () => invite.state === 'proceeding' && call.accept(invite));
}

/** Most phones go along with every change; some refuse all, some one, some think about it. */
function answerReinvite({ random, clock }: Stage, call: PhoneCall, reinvite: IncomingReinvite, habit: number): void {
  if (habit === 0) return reinvite.reject(488);
  const dice = habit > 2 ? 9 : randomInt(random, 6);
  if (dice === 0) return reinvite.reject(pick(random, [488, 491, 500]));
  if (dice === 1) return void clock.after(1_500, () => call.ended === undefined && call.acceptReinvite(reinvite));
  call.acceptReinvite(reinvite);
}

function answerRequest(stage: Stage, call: PhoneCall, incoming: IncomingRequest): void {
  const { random } = stage;
  if (incoming.request.method === 'REFER') return transferred(stage, call, incoming);
  const dice = randomInt(random, 12);
  if (dice === 0) return incoming.respond(415);
  if (dice === 1) return void stage.clock.after(700, () => incoming.respond(200));
  incoming.respond(200);
}

/** We are asked to call somebody: we do not, but say how it went (RFC 3515 2.4.5). */
function transferred({ random, clock }: Stage, call: PhoneCall, incoming: IncomingRequest): void {
  const dice = randomInt(random, 6);
  if (dice === 0) return incoming.respond(603);
  incoming.respond(202);
  if (dice === 1) return;
  const tell = (state: string, line: string): void => {
    const headers = { Event: 'refer', 'Subscription-State': state };
    const body = { contentType: 'message/sipfrag', content: `SIP/2.0 ${line}\r\n` };
    call.dialog?.request('NOTIFY', { headers, body }).catch(() => {});
  };
  tell('active;expires=60', '100 Trying');
  clock.after(300, () => tell('active;expires=60', '180 Ringing'));
  clock.after(600, () => tell('terminated;reason=noresource', dice === 2 ? '486 Busy Here' : '200 OK'));
  if (dice > 3) clock.after(700, () => void call.hangup());
}

/** What somebody with a call may do. */
export function fiddle(cast: Cast, call: PhoneCall): void {
  const { random } = cast.stage;
  const dice = randomInt(random, 14);
  if (dice < 5) call.press(pick(random, [...'0123456789*#']));
  else if (dice === 5) info(call, String(randomInt(random, 10)));
  else if (dice === 6) refer(cast, call);
  else if (dice === 7) message(call);
  else reoffer(random, call);
}

/** A digit in an INFO request. */
function info(call: PhoneCall, digit: string): void {
  const content = `Signal=${digit}\r\nDuration=160\r\n`;
  call.dialog?.request('INFO', { body: { contentType: 'application/dtmf-relay', content } }).catch(() => {});
}

const message = (call: PhoneCall): void =>
  void call.dialog?.request('MESSAGE', { body: { contentType: 'text/plain', content: 'hello' } }).catch(() => {});

/** A phone asks us to call another one. */
function refer({ stage, props }: Cast, call: PhoneCall): void {
  const target = pick(stage.random, props.phones);
  const headers = { 'Refer-To': `<${target}>`, 'Referred-By': `<${target}>` };
  call.dialog?.request('REFER', { headers }).catch(() => {});
}

/** Hold, resume, another codec, another packet time; who holds takes the call back in a while. */
function reoffer(random: Random, call: PhoneCall): void {
  const dice = randomInt(random, 8);
  const direction = (['sendonly', 'inactive', 'recvonly'] as const)[dice] ?? 'sendrecv';
  const longer = (sdp: string): string => sdp.replace('a=ptime:20', 'a=ptime:40');
  call.reinvite(direction, dice === 4 ? longer : undefined).catch(() => {});
}
