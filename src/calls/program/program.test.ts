// A program in every state, met by every event: who runs, who is told, and that nobody is told twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, type Refusal, refuse, Scope } from '../../base/index.ts';
import { VirtualClock } from '../../base/sim/index.ts';
import { programLimit, programPaces } from '../limits.ts';
import type { Step, VerbRun } from '../types.ts';
import { Program, type ProgramOwner } from './program.ts';

type State = 'idle' | 'preparing' | 'running' | 'stopped';
const states: State[] = ['idle', 'preparing', 'running', 'stopped'];

/** An owner that notes what it is told; a step's need and end are settled by the test. */
class Owner implements ProgramOwner {
  readonly clock: Clock = new VirtualClock();
  readonly scope = new Scope('owner');
  readonly told: string[] = [];
  readonly prepared = new Map<string, PromiseWithResolvers<Refusal | undefined>>();
  readonly done = new Map<string, PromiseWithResolvers<void>>();
  readonly program = new Program(this);
  slow = false;

  turn(_: string, fn: () => void): void {
    fn();
  }
  prepare({ name }: Step): Promise<Refusal | undefined> {
    const prepared = Promise.withResolvers<Refusal | undefined>();
    this.prepared.set(name, prepared);
    if (!this.slow) prepared.resolve(undefined);
    return prepared.promise;
  }
  context(_: Step, scope: Scope): VerbRun {
    return { scope } as VerbRun;
  }
  onStarting = ({ name }: Step): void => void this.told.push(`starting ${name}`);
  onFinished = ({ name }: Step): void => void this.told.push(`finished ${name}`);
  onKilled = ({ name }: Step, reason: string): void => void this.told.push(`killed ${name}: ${reason}`);
  onSkipped = ({ name }: Step): void => void this.told.push(`skipped ${name}`);
  onCrash = ({ name }: Step, error: unknown): void => void this.told.push(`crashed ${name}: ${error}`);
  onIdle = (): void => void this.told.push('idle');

  step(name: string): Step {
    const done = Promise.withResolvers<void>();
    this.done.set(name, done);
    const run = ({ scope }: VerbRun): Promise<void> => {
      scope.signal.addEventListener('abort', () => done.reject(scope.signal.reason), { once: true });
      return done.promise;
    };
    return { name, id: undefined, needs: 'none', earlyMedia: false, audible: false, run };
  }

  steps = (...names: string[]): Step[] => names.map((name) => this.step(name));

  /** What it was told since the last call. */
  async heard(): Promise<string[]> {
    for (let i = 0; i < 10; i++) await Promise.resolve();
    return this.told.splice(0);
  }
}

async function inState(state: State): Promise<Owner> {
  const owner = new Owner();
  if (state === 'idle') return owner;
  owner.slow = state === 'preparing';
  owner.program.replace(owner.steps('a', 'b'));
  if (state === 'stopped') await owner.program.stop('over');
  await owner.heard();
  owner.slow = false;
  return owner;
}

const events: Record<string, (owner: Owner) => void> = {
  replace: ({ program, steps }) => program.replace(steps('x', 'y')),
  'replace by nothing': ({ program }) => program.replace([]),
  append: ({ program, steps }) => program.append(steps('x')),
  skip: ({ program }) => program.skip('skipped'),
  stop: ({ program }) => void program.stop('over'),
  'is met': ({ prepared }) => prepared.get('a')?.resolve(undefined),
  'is refused': ({ prepared }) => prepared.get('a')?.resolve(refuse('no', 'no')),
  'cannot be prepared': ({ prepared }) => prepared.get('a')?.reject(new Error('bug')),
  ends: ({ done }) => done.get('a')?.resolve(),
  throws: ({ done }) => done.get('a')?.reject(new Error('bug')),
};

const expected: Record<State, Record<string, string[]>> = {
  idle: {
    replace: ['starting x'],
    'replace by nothing': ['idle'],
    append: ['starting x'],
    skip: ['idle'],
    stop: [],
    'is met': [],
    'is refused': [],
    'cannot be prepared': [],
    ends: [],
    throws: [],
  },
  preparing: {
    replace: ['killed a: replaced', 'starting x'],
    'replace by nothing': ['killed a: replaced', 'idle'],
    append: [],
    skip: ['killed a: skipped', 'starting b'],
    stop: ['killed a: over'],
    'is met': ['starting a'],
    'is refused': ['skipped a', 'starting b'],
    'cannot be prepared': ['crashed a: Error: bug'],
    ends: [],
    throws: [],
  },
  running: {
    replace: ['killed a: replaced', 'starting x'],
    'replace by nothing': ['killed a: replaced', 'idle'],
    append: [],
    skip: ['killed a: skipped', 'starting b'],
    stop: ['killed a: over'],
    'is met': [],
    'is refused': [],
    'cannot be prepared': [],
    ends: ['finished a', 'starting b'],
    throws: ['crashed a: Error: bug'],
  },
  stopped: Object.fromEntries(Object.keys(events).map((event) => [event, []])),
};

for (const state of states) {
  for (const [event, act] of Object.entries(events)) {
    test(`${state}, ${event}: ${expected[state][event]!.join('; ') || 'nothing'}`, async () => {
      const owner = await inState(state);
      for (const { promise } of owner.done.values()) promise.catch(() => {});
      act(owner);
      assert.deepEqual(await owner.heard(), expected[state][event]);
    });
  }
}

test('a step that was ended before its need was met never starts', async () => {
  const owner = await inState('preparing');
  owner.program.replace(owner.steps('x'));
  owner.prepared.get('a')!.resolve(undefined);
  assert.deepEqual(await owner.heard(), ['killed a: replaced', 'starting x']);
});

test('a step that ends or throws after it was replaced disturbs nobody', async () => {
  for (const settle of ['resolve', 'reject'] as const) {
    const owner = new Owner();
    const late = Promise.withResolvers<void>();
    owner.program.replace([{ ...owner.step('a'), run: () => late.promise }]);
    await owner.heard();
    owner.program.replace(owner.steps('x'));
    late[settle](undefined as never);
    assert.deepEqual(await owner.heard(), ['killed a: replaced', 'starting x']);
    assert.equal(owner.program.running?.name, 'x');
  }
});

test('all steps run in order, then it is idle; what is added then starts at once', async () => {
  const owner = new Owner();
  owner.program.replace(owner.steps('a', 'b'));
  owner.done.get('a')!.resolve();
  owner.done.get('b')!.resolve();
  assert.deepEqual(await owner.heard(), ['starting a', 'finished a', 'starting b', 'finished b', 'idle']);
  owner.program.append(owner.steps('c'));
  assert.deepEqual(await owner.heard(), ['starting c']);
});

test('stop waits for the last words of what it ended', async () => {
  const owner = new Owner();
  const lastWords = Promise.withResolvers<void>();
  owner.program.replace([{ ...owner.step('a'), run: () => lastWords.promise }]);
  await owner.heard();
  let stopped = false;
  const stop = owner.program.stop('over').then(() => {
    stopped = true;
  });
  await owner.heard();
  assert.equal(stopped, false);
  lastWords.resolve();
  await stop;
});

test('only the running step is running, and its scope closes with it', async () => {
  const owner = await inState('running');
  const scopes: Scope[] = [];
  const run = async (verb: VerbRun): Promise<void> => {
    scopes.push(verb.scope);
    assert.ok(owner.program.isRunning(verb.scope));
  };
  owner.program.replace([{ ...owner.step('x'), run }]);
  await owner.heard();
  assert.deepEqual(
    scopes.map((scope) => [scope.closed, owner.program.isRunning(scope)]),
    [[true, false]],
  );
});

test('an application that goes round without waiting is ended; room tells how much may wait', async () => {
  const owner = new Owner();
  const quick = (name: string): Step => ({ ...owner.step(name), run: async () => {} });
  const [{ steps: most }] = programPaces as [{ steps: number; ms: number }];
  owner.program.replace(Array.from({ length: most + 1 }, (_, i) => quick(`${i}`)));
  assert.equal(owner.program.room, programLimit - most);
  const told: string[] = [];
  for (let i = 0; i < most; i++) told.push(...(await owner.heard()));
  assert.equal(told.filter((line) => line.startsWith('finished')).length, most);
  assert.match(told.at(-1) ?? '', /circles/);
  assert.equal(owner.program.running, undefined);
});
