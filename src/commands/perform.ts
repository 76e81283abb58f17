// Performing commands: in one turn of the call all are allowed or none acts; effects and answers follow.
import { errorText, Fault, isRefusal, type Refusal, refusalText, refuse } from '../base/index.ts';
import { type AppCommand, type Call, type Directory, takeMedia } from '../calls/index.ts';
import {
  type AnyCommand,
  type AnySocketCommand,
  type Applied,
  type CommandNeed,
  nameOf,
  type Target,
} from './define.ts';
import { type Command, readSocketCommand, readUpdate } from './read.ts';

/** An HTTP answer. */
export interface Outcome {
  status: number;
  body?: Record<string, unknown>;
}

/** `?wait=true` waits this long for the effect before it says that it is still on its way. */
const longestWaitMs = 10_000;

interface UpdateRequest {
  accountSid: string;
  callSid: string;
  body: unknown;
  wait: boolean;
  at: number;
}

/** One REST update. 202 means: it acts. With `wait` the answer comes when the effect has reached the wire. */
export async function performUpdate(directory: Directory, request: UpdateRequest): Promise<Outcome | Refusal> {
  const outcome = await outcomeOf(directory, request);
  // Clients show `msg`: what is wrong, and where.
  return isRefusal(outcome) ? { ...outcome, reason: refusalText(outcome) } : outcome;
}

async function outcomeOf(directory: Directory, request: UpdateRequest): Promise<Outcome | Refusal> {
  const read = readUpdate(request.body);
  if (isRefusal(read)) return read;
  const call = directory.find(request.accountSid, request.callSid);
  if (isRefusal(call)) return call;
  const applied = await inTurn(call, read, request.at);
  if (isRefusal(applied)) return applied;
  for (const { reply } of applied) {
    const answer = await reply;
    if (answer) return answer;
  }
  return request.wait ? waitForEffects(call, applied, request.at) : { status: 202 };
}

/** One command of the application's socket: no answer is sent; a refusal goes into the event log. */
export function performSocket(call: Call, message: AppCommand): void {
  const at = call.clock.now();
  const command = readSocketCommand(message.command, message.data, message.queueCommand);
  if (isRefusal(command)) return noteRefusal(call, [message.command], command);
  const { callSid = call.sid } = message;
  const addressed = callSid === call.sid ? call : call.world.directory.get(callSid);
  // Its own legs, which it dialled and which have not become calls of their own.
  if (addressed && (addressed === call || addressed.parent === call))
    return void addressed.turn('command', () => act(addressed, [command], at));
  noteRefusal(call, [message.command], refuse('leg-unknown', `call_sid ${callSid} is no leg of this call`));
}

function inTurn(call: Call, commands: Command[], at: number): Promise<Applied[] | Refusal> {
  return new Promise((resolve, reject) => {
    const taken = call.turn('update', () => {
      try {
        resolve(act(call, commands, at));
      } catch (error) {
        reject(error);
        throw error;
      }
    });
    if (!taken) resolve(gone(call));
  });
}

function act(call: Call, commands: Command[], at: number): Applied[] | Refusal {
  const target: Target = { call, leg: call.leg, session: call.parent ?? call };
  const names = commands.map((c) => nameOf(c.definition));
  const refusal = call.ended ? gone(call) : firstRefusal(target, commands);
  if (refusal) {
    noteRefusal(call, names, refusal);
    return refusal;
  }
  call.events.append('commanded', { commands: names });
  const sounding = new Set(commands.filter(({ definition }) => takesMedia(definition, target)));
  const taken = sounding.size > 0 ? takeMedia(call) : undefined;
  return commands.map((command) => {
    const applied =
      taken && sounding.has(command)
        ? { effect: afterwards(taken, target, command) }
        : command.definition.apply(target, command.value);
    applied.effect?.then(
      (effect) =>
        call.events.append('effect', { command: nameOf(command.definition), applied_ms: Math.max(0, effect.at - at) }),
      (error) => noteFailure(call, command, error),
    );
    noteRest(call, command, applied);
    return applied;
  });
}

const soundingNeeds: ReadonlySet<CommandNeed | undefined> = new Set(['audio', 'a stream', 'a transcription']);

const takesMedia = (definition: AnyCommand | AnySocketCommand, target: Target): boolean =>
  definition.takesMedia?.(target) ?? soundingNeeds.has(definition.needs);

/** The media comes back first; then it is the call's turn again. */
async function afterwards(taken: Promise<void>, target: Target, command: Command): Promise<{ at: number }> {
  await taken;
  const { call } = target;
  return new Promise((resolve, reject) => {
    const turn = call.turn('update', () => {
      const refusal = call.ended ? gone(call) : command.definition.allowed(target, command.value);
      if (refusal) return reject(new Fault(refusal.code, refusal.reason));
      const applied = command.definition.apply(target, command.value);
      resolve(applied.effect ?? { at: call.clock.now() });
      noteRest(call, command, applied);
    });
    if (!turn) reject(new Fault('call-gone', 'the call has ended'));
  });
}

function firstRefusal(target: Target, commands: Command[]): Refusal | undefined {
  for (const { definition, value } of commands) {
    const refusal = definition.allowed(target, value);
    if (refusal) return refusal;
  }
  return undefined;
}

/** An update that was accepted and failed later is an alert (live-call-control.md 1.2), unless the call ended before it. */
function noteFailure(call: Call, { definition }: Command, error: unknown): void {
  const [field, reason] = [nameOf(definition), errorText(error)];
  call.events.append('error', { what: `${field} had no effect`, reason });
  if (!call.ended) call.alert('error-updating-call', `${field}: ${reason}`);
}

/** What was cut short is one too; the call's end cuts everything short. */
function noteRest(call: Call, { definition }: Command, { rest }: Applied): void {
  rest?.catch((error) => {
    if (call.ended) return;
    const [what, reason] = [`${nameOf(definition)} was cut short`, errorText(error)];
    call.events.append('error', { what, reason });
    call.alert('error-updating-call', `${what}: ${reason}`);
  });
}

const gone = (call: Call): Refusal => refuse('call-gone', `call session is gone for call_sid ${call.sid}`);

function noteRefusal(call: Call, names: string[], refusal: Refusal): void {
  call.events.append('command-refused', { commands: names, reason: refusalText(refusal) });
}

async function waitForEffects(call: Call, applied: Applied[], at: number): Promise<Outcome | Refusal> {
  const all = Promise.all(applied.map((a) => a.effect ?? { at: call.clock.now() }));
  const timeout = new Promise<'late'>((resolve) => {
    const timer = call.clock.after(longestWaitMs, () => resolve('late'));
    void all.then(
      () => timer.cancel(),
      () => timer.cancel(),
    );
  });
  try {
    const effects = await Promise.race([all, timeout]);
    if (effects === 'late')
      return refuse('effect-late', `no effect within ${longestWaitMs} ms; the update is still on its way`);
    return {
      status: 200,
      body: { applied_ms: Math.max(0, Math.round((Math.max(...effects.map((e) => e.at)) - at) * 10) / 10) },
    };
  } catch (error) {
    return refuse('effect-failed', errorText(error));
  }
}
