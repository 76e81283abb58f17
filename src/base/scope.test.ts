// Scope: closes what is inside in reverse order, once, whatever fails.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isScopeClosed, openScopes, Scope, ScopeClosed } from './index.ts';

it('closes children and clean-ups in reverse order, and tells them why', async () => {
  const before = openScopes();
  const seen: string[] = [];
  const call = new Scope('call');
  call.defer(({ by, reason }) => void seen.push(`first ${by} ${reason}`));
  const leg = call.child('leg');
  leg.defer(({ by, reason }) => void seen.push(`leg ${by} ${reason}`));
  call.defer(() => void seen.push('last'));
  assert.equal(openScopes(), before + 2);
  await call.close('bye');
  assert.deepEqual(seen, ['last', 'leg parent bye', 'first self bye']);
  assert.deepEqual(
    [call.end, leg.end],
    [
      { by: 'self', reason: 'bye' },
      { by: 'parent', reason: 'bye' },
    ],
  );
  assert.equal(openScopes(), before);
});

it('closes once, and gives the same wait to everyone', async () => {
  const scope = new Scope('x');
  let runs = 0;
  let finish = (): void => {};
  scope.defer(() => {
    runs++;
    return new Promise((done) => {
      finish = done;
    });
  });
  const first = scope.close('one');
  const second = scope.close('two');
  let settled = 0;
  void first.then(() => settled++);
  void second.then(() => settled++);
  await null;
  assert.deepEqual([runs, settled, scope.end?.reason], [1, 0, 'one']);
  finish();
  await Promise.all([first, second]);
  assert.equal(settled, 2);
});

it('runs every clean-up although some fail, and reports the failures to the nearest owner', async () => {
  const errors: string[] = [];
  const seen: string[] = [];
  const parent = new Scope('parent', { onError: (error) => errors.push((error as Error).message) });
  const child = parent.child('child');
  child.defer(() => void seen.push('a'));
  child.defer(() => {
    throw new Error('sync');
  });
  child.defer(() => Promise.reject(new Error('async')));
  child.defer(() => void seen.push('b'));
  await child.close();
  assert.deepEqual(seen, ['b', 'a']);
  assert.deepEqual(errors.sort(), ['async', 'sync']);
  await parent.close();
});

it('aborts its signal with the reason, before the clean-ups', async () => {
  const scope = new Scope('call');
  const seen: string[] = [];
  scope.signal.addEventListener('abort', () => seen.push('signal'));
  scope.defer(() => void seen.push('clean-up'));
  await scope.close('hung up');
  assert.deepEqual(seen, ['signal', 'clean-up']);
  assert.ok(isScopeClosed(scope.signal.reason));
  assert.ok(scope.signal.reason instanceof ScopeClosed);
  assert.match(scope.signal.reason.message, /call closed: hung up/);
  assert.equal(isScopeClosed(new Error('other')), false);
});

it('takes a clean-up back, and runs a late one at once', async () => {
  const scope = new Scope('x');
  const seen: string[] = [];
  const takeBack = scope.defer(() => void seen.push('taken back'));
  takeBack();
  takeBack();
  await scope.close('early');
  scope.defer(({ reason }) => void seen.push(`late ${reason}`));
  scope.defer(() => Promise.reject(new Error('late failure')))();
  assert.deepEqual(seen, ['late early']);
});

it('forgets a child that closed first, so that a long life does not gather short ones', async () => {
  const parent = new Scope('parent');
  for (let i = 0; i < 100; i++) await parent.child('short').close();
  let closed = 0;
  const child = parent.child('long');
  child.defer(() => void closed++);
  await parent.close();
  assert.equal(closed, 1);
  assert.throws(() => parent.child('too late'), /bug: scope too late opened below parent, which is closed/);
});
