// A rehearsal from one seed: phones, applications, operators and bad luck on a few calls, then the promises that must hold.
import { isRefusal, randomInt } from '../base/index.ts';
import type { Phone, PhoneCall } from './phone.ts';
import { brokenPromises } from './promises.ts';
import type { Props } from './random-json.ts';
import { audioUrl, openPrograms, type RandomPrograms } from './random-programs.ts';
import { randomUpdate } from './random-updates.ts';
import { Stage } from './stage.ts';

export interface Rehearsed {
  /** Every event of every call and what each phone heard, one JSON line each: the same seed gives the same text. */
  log: string;
  /** Promises that were broken; none when all is well. */
  broken: string[];
  virtualMs: number;
}

/** Calls at the start; more may follow. */
const firstCalls = 3;
/** What happens in one rehearsal. */
const acts = 26;
const longestWaitMs = 900;
/** After the last goodbye: longer than every timer of a call's end. */
const settleMs = 90_000;

/** An update on its way; `outcome` once it was answered. */
export interface AskedUpdate {
  body: string;
  outcome?: string;
}

export interface Cast {
  readonly stage: Stage;
  readonly programs: RandomPrograms;
  readonly props: Props;
  readonly phones: Phone[];
  /** Calls of the phones, either way. */
  readonly calls: PhoneCall[];
  readonly asked: AskedUpdate[];
}

export async function rehearse(seed: number): Promise<Rehearsed> {
  const stage = await Stage.open({ seed, workers: 2 });
  const startedAt = stage.clock.now();
  const { random } = stage;
  stage.net.link(
    {},
    { delayMs: 5, jitterMs: 15, lossRate: random.next() * 0.1, duplicateRate: 0.03, reorderRate: 0.03 },
  );
  const phones = [await stage.phone('alice'), await stage.phone('bob'), await stage.phone('carol')];
  // The second does not exist, the first is no recorder: a call must not feel it.
  const recorders = [phones[0]!.uri, 'sip:recorder@127.0.0.98'];
  const props = { random, phones: phones.map(({ uri }) => uri), audioUrl, recorders };
  const programs = await openPrograms(stage, props);
  const cast: Cast = { stage, programs, props, phones, calls: [], asked: [] };
  for (const phone of phones) phone.onCall = (call, invite) => pickUp(cast, call, invite);
  for (let i = 0; i < firstCalls; i++) await dial(cast);
  for (let i = 0; i < acts; i++) {
    await stage.clock.runFor(randomInt(random, longestWaitMs));
    await act(cast);
  }
  programs.heal();
  await stage.clock.runFor(1_000);
  for (const call of cast.calls) void call.hangup();
  await stage.clock.runFor(settleMs);
  const left = await stage.close();
  return {
    log: [...stage.events, ...cast.asked, ...cast.calls.map(heardBy)].map((e) => JSON.stringify(e)).join('\n'),
    broken: brokenPromises(cast, left),
    virtualMs: stage.clock.now() - startedAt,
  };
}

const heardBy = ({ audio, finalResponse }: PhoneCall) => ({
  status: finalResponse?.status,
  packets: audio.heard.length,
  last: audio.heard.at(-1)?.at,
  digits: audio.digits.join(''),
});

/** A phone calls an application, over UDP or TCP. */
async function dial({ stage, programs, phones, calls }: Cast): Promise<void> {
  const { random } = stage;
  const application = programs.applications[randomInt(random, programs.applications.length)]!;
  const transport = random.next() < 0.3 ? ';transport=tcp' : '';
  const phone = phones[randomInt(random, phones.length)]!;
  calls.push(await phone.call(stage.uriOf(application) + transport));
}

/** A phone is called: it answers, at once or after ringing, or it does not. */
function pickUp({ stage, calls }: Cast, ...[call, invite]: Parameters<Phone['onCall']>): void {
  const dice = randomInt(stage.random, 6);
  if (dice === 0) {
    call.refused(486);
    return invite.reject(486);
  }
  calls.push(call);
  if (dice > 3) return call.accept(invite);
  invite.progress(180, 'Ringing');
  if (dice === 1) return;
  stage.clock.after(500, () => invite.state === 'proceeding' && call.accept(invite));
}

/** One thing that a caller, an operator or bad luck does. */
async function act(cast: Cast): Promise<void> {
  const { stage, programs, calls } = cast;
  const { random } = stage;
  const alive = calls.filter((call) => call.dialog !== undefined && call.ended === undefined);
  const call = alive[randomInt(random, Math.max(1, alive.length))];
  const dice = randomInt(random, 40);
  if (dice < 9) programs.stir();
  else if (dice < 11) await dial(cast);
  else if (dice === 11) await place(cast);
  else if (dice === 12) stage.killWorker(randomInt(random, 2));
  else if (dice === 13) void calls[randomInt(random, calls.length)]!.hangup();
  else if (call && dice < 19) call.press('0123456789*#'[randomInt(random, 12)]!);
  else if (call && dice === 19) info(call, String(randomInt(random, 10)));
  else if (call && dice < 23) reoffer(cast, call);
  else if (call && dice === 23) refer(cast, call);
  else update(cast, call);
}

/** An operator changes a call, usually one that is alive. */
function update({ stage, props, asked }: Cast, call: PhoneCall | undefined): void {
  const { random, house, account } = stage;
  const sid = call?.sid ?? stage.events.at(-1)?.callSid;
  if (sid === undefined) return;
  const body = randomUpdate(props);
  const one: AskedUpdate = { body: JSON.stringify(body) };
  asked.push(one);
  void house.calls.update(account.account_sid, sid, body, { wait: random.next() < 0.3 }).then((outcome) => {
    one.outcome = isRefusal(outcome) ? `refused: ${outcome.reason}` : String(outcome.status);
  });
}

/** An operator calls a phone. */
async function place({ stage, programs, phones, asked }: Cast): Promise<void> {
  const { random, house, account } = stage;
  const application = programs.applications[randomInt(random, programs.applications.length)]!;
  const phone = phones[randomInt(random, phones.length)]!;
  const body = {
    from: '15551234567',
    to: { type: 'sip', sipUri: phone.uri },
    application_sid: application.application_sid,
    timeout: 5 + randomInt(random, 10),
    ...(random.next() < 0.3 && { timeLimit: 1 + randomInt(random, 10) }),
  };
  const one: AskedUpdate = { body: JSON.stringify(body) };
  asked.push(one);
  void house.calls.create(account.account_sid, body).then((outcome) => {
    one.outcome = isRefusal(outcome) ? `refused: ${outcome.reason}` : outcome.sid;
  });
}

/** A digit in an INFO request. */
function info(call: PhoneCall, digit: string): void {
  const content = `Signal=${digit}\r\nDuration=160\r\n`;
  call.dialog?.request('INFO', { body: { contentType: 'application/dtmf-relay', content } }).catch(() => {});
}

/** A phone asks us to call another one. */
function refer({ props, stage }: Cast, call: PhoneCall): void {
  const target = props.phones[randomInt(stage.random, props.phones.length)]!;
  call.dialog
    ?.request('REFER', { headers: { 'Refer-To': `<${target}>`, 'Referred-By': `<${target}>` } })
    .catch(() => {});
}

/** Hold, resume, another codec, another packet time. */
function reoffer({ stage }: Cast, call: PhoneCall): void {
  const { random } = stage;
  const dice = randomInt(random, 6);
  const direction = (['sendonly', 'inactive', 'recvonly', 'sendrecv', 'sendrecv', 'sendrecv'] as const)[dice]!;
  let content = call.audio.sdp(direction);
  if (dice === 4) content = content.replace('RTP/AVP 0 ', 'RTP/AVP 8 0 ').replace('a=ptime:20', 'a=ptime:40');
  call.dialog?.reinvite({ body: { contentType: 'application/sdp', content } }).catch(() => {});
}
