// Conferences at random: five phones come, go and are changed; after each step all hear whom a small model says, and at the end nothing is left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SeededRandom, seededRandom } from '../../src/base/sim/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Json, type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';
import { isHeard, type SingerName, singer, song, whoHears } from '../kit/singers.ts';

const names = Object.keys(song) as SingerName[];
const rooms = ['red', 'blue'];
const tags = ['agent', 'boss'];

/** Where a phone is and how, as the commands say. */
interface Member {
  call: PhoneCall;
  room: string | undefined;
  muted: boolean;
  held: boolean;
  tag: string;
  coach: string;
}

const pick = <T>(random: SeededRandom, from: readonly T[]): T => from[Math.floor(random.next() * from.length)]!;

class Crowd {
  readonly members = new Map<SingerName, Member>();
  readonly #random: SeededRandom;
  #scene: Scene | undefined;
  /** What the application answers next. */
  #answer: { room: string; options: Json } = { room: 'red', options: {} };

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  async open(seed: number, workers: number): Promise<Scene> {
    const verbs = () => [
      { verb: 'conference', name: this.#answer.room, ...this.#answer.options },
      { verb: 'pause', length: 3_600 },
    ];
    this.#scene = await scene({ '/': verbs, '/join': verbs }, { seed, workers });
    return this.#scene;
  }

  get scene(): Scene {
    return this.#scene!;
  }

  /** One step; says what it was. */
  async step(): Promise<string> {
    const name = pick(this.#random, names);
    const member = this.members.get(name);
    if (!member) return this.#come(name);
    if (member.room === undefined || this.#random.next() < 0.1) return this.#redirect(name, member);
    if (this.#random.next() < 0.1) return this.#hangUp(name, member);
    return this.#change(name, member);
  }

  expected(): Record<string, string> {
    const hears = (one: Member, other: Member): boolean =>
      one !== other &&
      one.room !== undefined &&
      one.room === other.room &&
      !one.held &&
      !other.muted &&
      !other.held &&
      (other.coach === '' || other.coach === one.tag);
    return Object.fromEntries(
      [...this.members].map(([name, one]) => [
        name,
        [...this.members].flatMap(([other, two]) => (hears(one, two) ? [other] : [])).join(' '),
      ]),
    );
  }

  heard(): Record<string, string> {
    return whoHears(this.scene, Object.fromEntries([...this.members].map(([name, { call }]) => [name, call])));
  }

  #invite(): Omit<Member, 'call'> {
    const random = this.#random;
    const options = {
      ...(random.next() < 0.3 && { joinMuted: true }),
      ...(random.next() < 0.4 && { memberTag: pick(random, tags) }),
      ...(random.next() < 0.2 && { speakOnlyTo: pick(random, tags) }),
      ...(random.next() < 0.3 && { beep: true }),
      statusHook: '/news',
      statusEvents: ['start', 'join', 'leave', 'end'],
    };
    this.#answer = { room: pick(random, rooms), options };
    const { joinMuted = false, memberTag = '', speakOnlyTo = '' } = options;
    return { room: this.#answer.room, muted: joinMuted, held: false, tag: memberTag, coach: speakOnlyTo };
  }

  async #come(name: SingerName): Promise<string> {
    const place = this.#invite();
    this.members.set(name, { ...place, call: await singer(this.scene, name) });
    return `${name} comes to ${place.room}`;
  }

  async #redirect(name: SingerName, member: Member): Promise<string> {
    Object.assign(member, this.#invite());
    assert.equal((await this.scene.update(member.call, { call_hook: '/join' })).status, 202);
    return `${name} is redirected to ${member.room}`;
  }

  async #hangUp(name: SingerName, { call }: Member): Promise<string> {
    this.members.delete(name);
    await this.scene.stage.clock.settle(call.hangup());
    return `${name} hangs up`;
  }

  async #change(name: SingerName, member: Member): Promise<string> {
    const tag = pick(this.#random, tags);
    const muteAll = (muted: boolean): void => {
      for (const one of this.members.values()) if (one.room === member.room) one.muted = muted;
    };
    const changes: [Json, () => void][] = [
      [{ mute_status: 'mute' }, () => Object.assign(member, { muted: true })],
      [{ mute_status: 'unmute' }, () => Object.assign(member, { muted: false })],
      [{ conf_hold_status: 'hold' }, () => Object.assign(member, { held: true })],
      [{ conf_hold_status: 'unhold' }, () => Object.assign(member, { held: false, muted: false })],
      [{ conf_mute_status: 'mute' }, () => muteAll(true)],
      [{ conf_mute_status: 'unmute' }, () => muteAll(false)],
      [{ conferenceParticipantAction: { action: 'tag', tag } }, () => Object.assign(member, { tag })],
      [{ conferenceParticipantAction: { action: 'untag' } }, () => Object.assign(member, { tag: '' })],
      [{ conferenceParticipantAction: { action: 'coach', tag } }, () => Object.assign(member, { coach: tag })],
      [{ conferenceParticipantAction: { action: 'uncoach' } }, () => Object.assign(member, { coach: '' })],
      [{ conferenceParticipantAction: { action: 'kick' } }, () => Object.assign(member, { room: undefined })],
    ];
    const [body, apply] = pick(this.#random, changes);
    assert.equal((await this.scene.update(member.call, body)).status, 202);
    apply();
    return `${name}: ${JSON.stringify(body)}`;
  }
}

for (let seed = 1; seed <= 6; seed++) {
  test(`seed ${seed}: after each of 40 steps everybody hears whom the model says`, async () => {
    const crowd = new Crowd(seed);
    const s = await crowd.open(seed, 1 + (seed % 2));
    const steps: string[] = [];
    for (let i = 0; i < 40; i++) {
      steps.push(await crowd.step());
      await s.run(600);
      assert.deepEqual(crowd.heard(), crowd.expected(), steps.slice(-12).join('\n'));
    }
    for (const { call } of crowd.members.values()) await s.stage.clock.settle(call.hangup());
    await s.run(1_000);
    assert.deepEqual(await s.stage.clock.settle(s.stage.house.calls.conferences(s.stage.account.account_sid)), []);
    const counts = Map.groupBy(s.sentTo('/news'), ({ event }) => event);
    for (const [begin, end] of [
      ['start', 'end'],
      ['join', 'leave'],
    ])
      assert.equal(counts.get(begin)?.length, counts.get(end)?.length, `as many ${begin} as ${end}`);
    assert.equal(s.stage.events.filter(({ event }) => event.type === 'error').length, 0);
    const calls = new Set(s.stage.events.map(({ callSid }) => callSid));
    const finals = s.statuses().filter((status) => status === 'completed');
    assert.equal(finals.length, calls.size, 'one final status each');
    await s.end();
  });
}

for (const [workers, dying] of [
  [1, [0]],
  [2, [0]],
  [2, [1]],
  [2, [0, 1]],
] as const)
  test(`of ${workers} media workers ${dying.length} die: the members go on hearing each other, with their flags`, async () => {
    const crowd = new Crowd(99);
    const s = await crowd.open(99, workers);
    for (let i = 0; i < 25; i++) {
      await crowd.step();
      await s.run(100);
    }
    await s.run(600);
    assert.deepEqual(crowd.heard(), crowd.expected());
    for (const index of dying) s.stage.killWorker(index);
    await s.run(3_000);
    assert.deepEqual(crowd.heard(), crowd.expected());
    for (const { call, room } of crowd.members.values())
      if (room !== undefined) assert.equal((await s.update(call, { mute_status: 'unmute' })).status, 202);
    for (const member of crowd.members.values()) member.muted = false;
    await s.run(600);
    assert.deepEqual(crowd.heard(), crowd.expected());
    for (const { call } of crowd.members.values()) {
      assert.ok(sidOf(call) && !call.ended);
      await s.stage.clock.settle(call.hangup());
    }
    await s.run(1_000);
    await s.end();
  });

test("the room's media worker does not come back: those of others leave the conference, and their calls go on", async () => {
  let dead = false;
  const s = await scene(
    {
      '/': [
        { verb: 'conference', name: 'red', actionHook: '/left' },
        { verb: 'play', url: toneUrl(2_200) },
      ],
    },
    {
      workers: 2,
      onWorkerStart(index) {
        if (dead && index === 0) throw new Error('no worker today');
      },
    },
  );
  const calls = { alice: await singer(s, 'alice'), bob: await singer(s, 'bob'), carol: await singer(s, 'carol') };
  await s.run(600);
  assert.deepEqual(whoHears(s, calls), { alice: 'bob carol', bob: 'alice carol', carol: 'alice bob' });
  dead = true;
  s.stage.killWorker(0);
  await s.run(30_000);
  const left = Object.values(calls).filter((call) => !call.ended);
  assert.equal(left.length, 1, 'who lived on the other worker');
  for (const call of left) assert.ok(isHeard(s, call, 2_200));
  assert.equal(s.sentTo('/left').length, 3);
  assert.deepEqual(await s.stage.clock.settle(s.stage.house.calls.conferences(s.stage.account.account_sid)), []);
  for (const call of left) await s.stage.clock.settle(call.hangup());
  await s.run(1_000);
  await s.end();
});
