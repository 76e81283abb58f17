// A rehearsal from one seed: phones, applications, operators and bad luck on a few calls, then the promises that must hold.
import { randomInt } from '../base/index.ts';
import { type Asked, overhear, place, update } from './operators.ts';
import type { PhoneCall } from './phone.ts';
import { brokenPromises } from './promises.ts';
import type { Props } from './random-json.ts';
import { dial, fiddle, openPeople, type Person, pickUp } from './random-phones.ts';
import { audioUrl, openPrograms, type RandomPrograms } from './random-programs.ts';
import { Recorder } from './recorder.ts';
import { Stage } from './stage.ts';
import { type Watch, watch } from './watch.ts';
import { type Wires, wiretap } from './wires.ts';

export interface Rehearsed {
  /** Every event of every call, every request and what each phone heard, one JSON line each: the same seed gives the same text. */
  log: string;
  /** Promises that were broken; none when all is well. */
  broken: string[];
  virtualMs: number;
  cast: Cast;
}

/** Calls at the start; more may follow. */
const firstCalls = 3;
/** What happens in one rehearsal. */
const acts = 26;
const longestWaitMs = 700;
/** After the last goodbye: longer than every timer of a call's end. */
const settleMs = 90_000;

export interface Cast {
  readonly stage: Stage;
  readonly programs: RandomPrograms;
  readonly props: Props;
  readonly people: readonly Person[];
  readonly recorders: readonly Recorder[];
  /** Calls of the phones, either way. */
  readonly calls: PhoneCall[];
  /** What each of them sings, Hz. */
  readonly voices: Map<PhoneCall, number>;
  readonly asked: Asked[];
  /** The applications never fail. */
  readonly calm: boolean;
  /** The server stopped with everything alive, at this time. */
  stoppedAt: number | undefined;
  readonly wires: Wires;
  watch: Watch | undefined;
}

export async function rehearse(seed: number): Promise<Rehearsed> {
  const stage = await Stage.open({ seed, workers: 2 });
  const startedAt = stage.clock.now();
  const cast = await assemble(stage, seed);
  if (!cast.props.isolates) cast.watch = watch(cast);
  for (let i = 0; i < firstCalls; i++) await dial(cast);
  for (let i = 0; i < acts; i++) {
    await stage.clock.runFor(randomInt(stage.random, longestWaitMs));
    await act(cast);
  }
  await end(cast, seed % 5 === 0);
  const left = await stage.close();
  return {
    log: [...stage.events, ...cast.asked, ...cast.calls.map(heardBy)].map((e) => JSON.stringify(e)).join('\n'),
    broken: brokenPromises(cast, left),
    virtualMs: stage.clock.now() - startedAt,
    cast,
  };
}

async function assemble(stage: Stage, seed: number): Promise<Cast> {
  const { random } = stage;
  stage.net.link(
    {},
    { delayMs: 5, jitterMs: 15, lossRate: random.next() * 0.1, duplicateRate: 0.03, reorderRate: 0.03 },
  );
  const people = await openPeople(stage);
  const recorders = [await Recorder.open(stage, '127.0.0.90'), await Recorder.open(stage, '127.0.0.91')];
  const phones = people.map(({ phone }) => phone.uri);
  // One does not exist, and one is no recorder: a call must not feel it.
  const uris = [...recorders.map(({ uri }) => uri), 'sip:recorder@127.0.0.98', phones[0]!];
  const props: Props = { random, phones, audioUrl, recorders: uris, isolates: seed % 3 === 0 };
  const programs = await openPrograms(stage, props);
  const wires = wiretap(
    people.map(({ phone }) => phone),
    () => stage.clock.now(),
  );
  const cast: Cast = {
    stage,
    programs,
    props,
    people,
    recorders,
    calls: [],
    voices: new Map(),
    asked: [],
    calm: seed % 4 === 0,
    stoppedAt: undefined,
    wires,
    watch: undefined,
  };
  for (const person of people) person.phone.onCall = (call, invite) => pickUp(cast, person, call, invite);
  return cast;
}

/** Everybody hangs up, or the server stops before they do. */
async function end(cast: Cast, stops: boolean): Promise<void> {
  const { stage } = cast;
  cast.watch?.stop();
  cast.programs.heal();
  await stage.clock.runFor(1_000);
  if (stops) {
    cast.stoppedAt = stage.clock.now();
    await stage.clock.settle(stage.house.stop(), settleMs);
  } else for (const call of cast.calls) void call.hangup();
  await stage.clock.runFor(settleMs);
}

const heardBy = ({ audio, finalResponse }: PhoneCall) => ({
  status: finalResponse?.status,
  packets: audio.heard.length,
  last: audio.heard.at(-1)?.at,
  digits: audio.digits.join(''),
});

/** One thing that a caller, an operator or bad luck does. */
async function act(cast: Cast): Promise<void> {
  const { stage, programs, calls } = cast;
  const { random } = stage;
  const alive = calls.filter((call) => call.dialog !== undefined && call.ended === undefined);
  const call = alive[randomInt(random, Math.max(1, alive.length))];
  const dice = randomInt(random, 40);
  if (dice < 3) {
    if (!cast.calm) programs.stir();
  } else if (dice < 6) programs.command();
  else if (dice < 9 || alive.length < 3) await dial(cast);
  else if (dice === 9) place(cast);
  else if (dice === 10) stage.killWorker(randomInt(random, 2));
  else if (dice === 11) void calls[randomInt(random, calls.length)]!.hangup();
  else if (dice === 12) overhear(cast);
  else if (dice === 13) stirRecorders(cast);
  else if (call && dice < 20) fiddle(cast, call);
  else update(cast);
}

function stirRecorders({ stage, recorders }: Cast): void {
  const recorder = recorders[randomInt(stage.random, recorders.length)]!;
  const dice = randomInt(stage.random, 4);
  if (dice === 0) recorder.hangUp();
  else recorder.answers = dice === 1 ? 503 : 200;
}
