// The operators of a rehearsal: over the API they change calls, place them, and listen to conferences.
import { isRefusal, randomInt } from '../base/index.ts';
import type { Call } from '../calls/index.ts';
import type { Cast } from './random-call.ts';
import { type Json, pick } from './random-json.ts';
import { randomUpdate } from './random-updates.ts';
import { type Shape, shapeOf } from './shapes.ts';
import type { Stage } from './stage.ts';

/** A request on its way. */
export interface Asked {
  body: Json;
  /** Of the call that an update met. */
  shape?: Shape;
  wait: boolean;
  at: number;
  /** Once it was answered. */
  outcome?: string;
  answeredAt?: number;
}

/** Calls of rare shapes are met as often as the others. */
function anyCall({ random, house, account }: Stage): Call | undefined {
  const byShape = new Map<Shape, Call[]>();
  for (const { callSid } of house.directory.list(account.account_sid)) {
    const call = house.directory.get(callSid);
    if (!call || call.ended) continue;
    const shape = shapeOf(call);
    byShape.set(shape, [...(byShape.get(shape) ?? []), call]);
  }
  const all = [...byShape.values()];
  return all.length === 0 ? undefined : pick(random, pick(random, all));
}

/** An operator changes a call, usually one that is alive; now and then several things at the same moment. */
export function update(cast: Cast): void {
  const { random } = cast.stage;
  const call = anyCall(cast.stage);
  const count = random.next() < 0.1 ? 5 : 1;
  for (let i = 0; i < count; i++) send(cast, random.next() < 0.97 ? call : undefined);
}

function send({ stage, props, asked }: Cast, call: Call | undefined): void {
  const { random, house, account, clock } = stage;
  const sid = call?.sid ?? stage.events[0]?.callSid;
  if (sid === undefined) return;
  const body = randomUpdate(props, call);
  const wait = random.next() < 0.4;
  const one: Asked = { body, shape: shapeOf(call), wait, at: clock.now() };
  asked.push(one);
  void house.calls.update(account.account_sid, sid, body, { wait }).then((outcome) => {
    one.outcome = isRefusal(outcome) ? `refused: ${outcome.reason}` : String(outcome.status);
    one.answeredAt = clock.now();
  });
}

/** An operator calls a phone. */
export function place({ stage, programs, people, asked }: Cast): void {
  const { random, house, account, clock } = stage;
  const application = pick(random, programs.applications);
  const body = {
    from: '15551234567',
    to: { type: 'sip', sipUri: pick(random, people).phone.uri },
    application_sid: application.application_sid,
    timeout: 5 + randomInt(random, 10),
    ...(random.next() < 0.2 && { timeLimit: 2 + randomInt(random, 10) }),
  };
  const one: Asked = { body, wait: false, at: clock.now() };
  asked.push(one);
  void house.calls.create(account.account_sid, body).then((outcome) => {
    one.outcome = isRefusal(outcome) ? `refused: ${outcome.reason}` : outcome.sid;
    one.answeredAt = clock.now();
  });
}

/** Somebody listens to a conference, or no longer. */
export function overhear({ stage, props }: Cast): void {
  const { random, house, account } = stage;
  const room = pick(random, ['red', 'blue']);
  if (random.next() < 0.3) void house.calls.unlisten(account.account_sid, room);
  else
    void house.calls.listen(account.account_sid, room, { url: props.audioUrl, sampleRate: 16_000, metadata: { room } });
}
