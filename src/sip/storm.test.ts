// Calls through a bad network: loss, duplicates and reordering both ways. Both sides must agree in the end, and nothing stays.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RigStack, SipRig, sdp } from '../../test/kit/sip.ts';
import { randomInt, sleep } from '../base/index.ts';
import type { SeededRandom } from '../base/sim/index.ts';
import type { Dialog, DialogEnd } from './types.ts';

const CALLS_PER_SEED = 20;
const SEEDS = 10;

interface Side {
  answered: number;
  ended: number;
  refused: number;
}

const bye = (dialog: Dialog): void => void dialog.bye();

/** What a user does with a live call: some requests, then perhaps hanging up. */
async function live(rig: SipRig, dialog: Dialog, random: SeededRandom): Promise<void> {
  const quiet = (promise: Promise<unknown>): Promise<unknown> => promise.catch(() => {});
  await sleep(rig.clock, randomInt(random, 2000));
  if (random.next() < 0.5) await quiet(dialog.reinvite({ body: sdp('again') }));
  if (random.next() < 0.5)
    await quiet(dialog.request('INFO', { body: { contentType: 'application/dtmf', content: '1' } }));
  if (random.next() < 0.3) await quiet(dialog.request('UPDATE', { body: sdp('update') }));
  await sleep(rig.clock, randomInt(random, 5000));
  if (random.next() < 0.7) bye(dialog);
}

function hear(dialog: Dialog, side: Side): void {
  side.answered++;
  dialog.onReinvite = (reinvite) => reinvite.accept({ body: sdp('answer') });
  dialog.onRequest = (request) => request.respond(200);
  dialog.onEnd = (_end: DialogEnd) => {
    side.ended++;
  };
}

async function oneCall(rig: SipRig, alice: RigStack, bob: RigStack, random: SeededRandom, caller: Side): Promise<void> {
  await sleep(rig.clock, randomInt(random, 3000));
  const call = alice.invite({ uri: bob.uri('bob'), from: { uri: 'sip:alice@10.0.0.1' }, body: sdp('offer') });
  if (random.next() < 0.2) void sleep(rig.clock, randomInt(random, 3000)).then(() => call.cancel());
  const dialog = await new Promise<Dialog | undefined>((resolve) => {
    call.onFailure = () => {
      caller.refused++;
      resolve(undefined);
    };
    call.onAnswer = (one) => {
      hear(one, caller);
      resolve(one);
    };
  });
  if (!dialog) return;
  await live(rig, dialog, random);
  // Somebody has to end it.
  await sleep(rig.clock, 20_000);
  bye(dialog);
}

for (const [name, link] of [
  [
    '20 % loss, duplicates and reordering',
    { lossRate: 0.2, duplicateRate: 0.2, reorderRate: 0.2, delayMs: 20, jitterMs: 30 },
  ],
  ['half of all messages twice and late', { duplicateRate: 0.5, reorderRate: 0.5, reorderMs: 900, delayMs: 50 }],
] as const) {
  test(`${SEEDS * CALLS_PER_SEED} calls with ${name} end the same on both sides`, async () => {
    let retransmitted = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const rig = new SipRig(seed);
      const alice = await rig.stack('10.0.0.1');
      const bob = await rig.stack('10.0.0.2');
      rig.net.link({}, link);
      const random = rig.random.fork('users');
      const [caller, callee]: [Side, Side] = [
        { answered: 0, ended: 0, refused: 0 },
        { answered: 0, ended: 0, refused: 0 },
      ];
      bob.onInvite = (invite) => {
        invite.progress(180);
        invite.onCancel = () => void callee.refused++;
        void sleep(rig.clock, randomInt(random, 3000)).then(() => {
          if (invite.state !== 'proceeding') return;
          if (random.next() < 0.1) {
            callee.refused++;
            return invite.reject(486);
          }
          const dialog = invite.accept({ body: sdp('answer') });
          hear(dialog, callee);
          if (random.next() < 0.3) void live(rig, dialog, random);
        });
      };
      const calls = Array.from({ length: CALLS_PER_SEED }, () => oneCall(rig, alice, bob, random, caller));
      await rig.clock.settle(Promise.all(calls));
      await rig.end();
      assert.equal(caller.answered + caller.refused, CALLS_PER_SEED, `seed ${seed}: every call has one outcome`);
      assert.equal(caller.ended, caller.answered, `seed ${seed}: the caller's dialogs ended`);
      assert.equal(callee.ended, callee.answered, `seed ${seed}: the callee's dialogs ended`);
      // A call that crossed its CANCEL counts as answered for the callee only.
      assert.ok(callee.answered >= caller.answered, `seed ${seed}`);
      for (const stack of [alice, bob]) {
        const { transactions, dialogs, bad } = stack.stats();
        assert.deepEqual({ transactions, dialogs, bad }, { transactions: 0, dialogs: 0, bad: 0 }, `seed ${seed}`);
        retransmitted += stack.stats().retransmitted;
      }
      await rig.close();
      assert.equal(rig.clock.pendingTimers, 0);
    }
    assert.ok(retransmitted > CALLS_PER_SEED * SEEDS);
  });
}
