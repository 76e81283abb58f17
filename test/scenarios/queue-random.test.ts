// Queues at random: phones wait, take, leave and are redirected; after each step those hear each other whom a small model pairs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SeededRandom, seededRandom } from '../../src/base/sim/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { appOrigin } from '../../src/rehearsal/stage.ts';
import { type Json, type Scene, scene } from '../kit/scene.ts';
import { type SingerName, singer, song, whoHears } from '../kit/singers.ts';

const names = Object.keys(song) as SingerName[];
type Verb = 'enqueue' | 'dequeue';

class Line {
  readonly calls = new Map<SingerName, PhoneCall>();
  /** Who waits, in the order of leaving. */
  readonly #callers: { name: SingerName; priority: number }[] = [];
  readonly #takers: SingerName[] = [];
  readonly #pairs: [SingerName, SingerName][] = [];
  readonly #random: SeededRandom;
  #answer: Json = {};
  #scene: Scene | undefined;

  constructor(seed: number) {
    this.#random = seededRandom(`queue ${seed}`);
  }

  get scene(): Scene {
    return this.#scene!;
  }

  get waiting(): number {
    return this.#callers.length;
  }

  async open(seed: number): Promise<Scene> {
    const verbs = () => [this.#answer, { verb: 'pause', length: 3_600 }];
    const s = await scene({ '/': verbs, '/next': verbs }, { seed, workers: 1 + (seed % 2) });
    const queue_event_hook = { url: `${appOrigin}/events`, method: 'POST', username: null, password: null };
    await s.stage.records.accounts.update(s.stage.account.account_sid, { queue_event_hook });
    this.#scene = s;
    return s;
  }

  async step(): Promise<string> {
    const name = this.#pick(names);
    const call = this.calls.get(name);
    const chance = this.#random.next();
    if (call && chance < 0.25) {
      this.#leave(name);
      this.calls.delete(name);
      await this.scene.stage.clock.settle(call.hangup());
      return `${name} hangs up`;
    }
    const verb: Verb = this.#random.next() < 0.5 ? 'enqueue' : 'dequeue';
    const priority = this.#pick([1, 5, -1]);
    this.#answer = { verb, name: 'line', ...(verb === 'enqueue' ? { priority } : { beep: chance > 0.8 }) };
    if (call) {
      assert.equal((await this.scene.update(call, { call_hook: '/next' })).status, 202);
      this.#leave(name);
    } else this.calls.set(name, await singer(this.scene, name));
    if (verb === 'enqueue') this.#wait(name, priority < 0 ? 999 : priority);
    else this.#takers.push(name);
    this.#match();
    return `${name}: ${JSON.stringify(this.#answer)}`;
  }

  expected(): Record<string, string> {
    const other = (name: SingerName): string =>
      this.#pairs.flatMap(([a, b]) => (a === name ? [b] : b === name ? [a] : [])).join(' ');
    return Object.fromEntries([...this.calls.keys()].map((name) => [name, other(name)]));
  }

  #wait(name: SingerName, priority: number): void {
    const behind = this.#callers.findIndex((other) => other.priority > priority);
    this.#callers.splice(behind < 0 ? this.#callers.length : behind, 0, { name, priority });
  }

  #leave(name: SingerName): void {
    for (const [list, at] of [
      [this.#callers, this.#callers.findIndex((one) => one.name === name)],
      [this.#takers, this.#takers.indexOf(name)],
      [this.#pairs, this.#pairs.findIndex((pair) => pair.includes(name))],
    ] as const)
      if (at >= 0) list.splice(at, 1);
  }

  #match(): void {
    while (this.#callers.length > 0 && this.#takers.length > 0)
      this.#pairs.push([this.#callers.shift()!.name, this.#takers.shift()!]);
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random.next() * from.length)]!;
  }
}

for (let seed = 1; seed <= 4; seed++) {
  test(`seed ${seed}: after each of 40 steps the pairs hear each other, and nobody else`, async () => {
    const line = new Line(seed);
    const s = await line.open(seed);
    const { account_sid } = s.stage.account;
    const steps: string[] = [];
    for (let i = 0; i < 40; i++) {
      steps.push(await line.step());
      await s.run(800);
      assert.deepEqual(whoHears(s, Object.fromEntries(line.calls)), line.expected(), steps.slice(-12).join('\n'));
      const listed = await s.stage.clock.settle(s.stage.house.calls.queues(account_sid));
      assert.deepEqual(listed, line.waiting === 0 ? [] : [{ name: 'line', length: line.waiting }]);
    }
    for (const call of line.calls.values()) await s.stage.clock.settle(call.hangup());
    await s.run(1_000);
    const count = (event: string) => s.sentTo('/events').filter((body) => body.event === event).length;
    assert.equal(count('join'), count('leave'));
    assert.deepEqual(
      s.stage.events.filter(({ event }) => event.type === 'error'),
      [],
    );
    await s.end();
  });
}
