// re-INVITE and UPDATE, theirs and ours: who answers, glare, queue and late offers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerOf, sdp } from '../../../test/kit/sip.ts';
import { called, calling } from '../../../test/kit/sip-dialog.ts';
import type { IncomingReinvite } from '../types.ts';

test('re-INVITE: answered by the user, 200 repeated until ACK, the Contact is followed', async () => {
  const { rig, peer, dialog, say, finish } = await called();
  const acks: string[] = [];
  dialog.onAck = (ack) => acks.push(Buffer.from(ack.body).toString());
  dialog.onReinvite = (reinvite) => reinvite.accept({ body: sdp('again') });
  await say({ body: 'v=0', headers: { Contact: '<sip:moved@10.0.0.1:5060;x=1>' } });
  await rig.clock.runFor(600);
  assert.deepEqual(peer.statuses, [100, 200, 200]);
  assert.equal(dialog.remoteTarget, 'sip:moved@10.0.0.1:5060;x=1');
  await say({ method: 'ACK', body: 'answer' });
  await rig.clock.runFor(5000);
  assert.deepEqual(peer.statuses, [100, 200, 200]);
  assert.deepEqual(acks, ['answer']);
  dialog.onReinvite = (reinvite) => reinvite.reject(488);
  await say({ cseq: 3, headers: { Contact: '<sip:elsewhere@10.0.0.1>' } });
  assert.equal(peer.statuses.at(-1), 488);
  assert.equal(dialog.remoteTarget, 'sip:moved@10.0.0.1:5060;x=1');
  await say({ method: 'BYE', cseq: 4 });
  await finish();
});

test('a re-INVITE that overlaps is 500 with Retry-After of 0 to 10, one before the ACK 491, a CANCEL of it 487', async () => {
  const { peer, dialog, say, finish } = await called();
  let open: IncomingReinvite | undefined;
  dialog.onReinvite = (reinvite) => {
    open = reinvite;
  };
  await say({ cseq: 2 });
  await say({ cseq: 3 });
  assert.deepEqual(peer.statuses, [100, 500]);
  const seconds = Number(headerOf(peer.last('SIP/2.0 500'), 'Retry-After'));
  assert.ok(seconds >= 0 && seconds <= 10);
  open!.accept({});
  await say({ cseq: 4 });
  assert.deepEqual(peer.statuses, [100, 500, 200, 491]);
  await say({ method: 'ACK', cseq: 2 });
  peer.restart();
  await say({ cseq: 5, branch: 'z9hG4bKcancelled' });
  await say({ method: 'CANCEL', cseq: 5, branch: 'z9hG4bKcancelled' });
  assert.deepEqual(peer.statuses, [100, 200, 487]);
  await say({ method: 'BYE', cseq: 6 });
  await finish();
});

test('a re-INVITE that nobody answers is 500 after 64*T1, and the next one is heard', async () => {
  const { rig, peer, dialog, say, finish } = await called();
  dialog.onReinvite = () => {};
  await say({ cseq: 2 });
  await rig.clock.runFor(32_000);
  assert.equal(peer.statuses[1], 500);
  dialog.onReinvite = (reinvite) => reinvite.accept({});
  await say({ cseq: 3 });
  assert.equal(peer.statuses.at(-1), 200);
  await say({ method: 'ACK', cseq: 3 });
  await say({ method: 'BYE', cseq: 4 });
  await finish();
});

test('UPDATE: without offer 200 and a new target, with one the user answers', async () => {
  const { peer, dialog, say, finish } = await called();
  let method = '';
  dialog.onReinvite = (reinvite) => {
    method = reinvite.method;
    reinvite.accept({ body: sdp('updated') });
  };
  await say({ method: 'UPDATE', headers: { Contact: '<sip:new@10.0.0.1>' } });
  assert.equal(method, '');
  assert.equal(dialog.remoteTarget, 'sip:new@10.0.0.1');
  await say({ method: 'UPDATE', cseq: 3, body: 'v=0' });
  assert.equal(method, 'UPDATE');
  assert.deepEqual(peer.statuses, [200, 200]);
  assert.match(peer.last('SIP/2.0 200'), /Contact: <sip:bob@10\.0\.0\.2:5060>[\s\S]*\r\n\r\nupdated/);
  await say({ method: 'BYE', cseq: 4 });
  await finish();
});

test('an UPDATE before the ACK: taken when our 2xx has answered their offer, 491 when it made one', async () => {
  for (const [offer, status] of [
    ['v=0', 200],
    ['', 491],
  ] as const) {
    const { peer, dialog, say, finish } = await called();
    dialog.onReinvite = (reinvite) => reinvite.accept({ body: sdp('said') });
    await say({ cseq: 2, body: offer });
    await say({ method: 'UPDATE', cseq: 3, body: 'v=0' });
    assert.deepEqual(peer.statuses, [100, 200, status]);
    await say({ method: 'ACK', cseq: 2 });
    await say({ method: 'BYE', cseq: 4 });
    await finish();
  }
});

test('an offer is made when it is sent, anew after a 491, and not at all when it is not wanted any more', async () => {
  const { rig, peer, dialog, answer, say, finish } = await called();
  const made: string[] = [];
  let wanted = true;
  const make = () => {
    if (!wanted) return undefined;
    made.push(`offer ${made.length}`);
    return { body: sdp(made.at(-1)) };
  };
  const first = dialog.reinvite(make);
  const second = dialog.reinvite(make).catch((error: { code: string }) => error.code);
  assert.deepEqual(made, ['offer 0'], 'the second waits');
  await rig.clock.runFor(5);
  await answer('INVITE', '491 Request Pending');
  await rig.clock.runFor(4_000);
  assert.match(peer.last('INVITE'), /offer 1/);
  wanted = false;
  await answer('INVITE', '200 OK', { headers: { Contact: '<sip:raw@10.0.0.1>' } });
  assert.equal((await rig.clock.settle(first)).status, 200);
  assert.equal(await second, 'sip-withdrawn');
  await say({ method: 'BYE', cseq: 9 });
  await finish();
});

test('glare: while our offer is open theirs gets 491; theirs first and unanswered gets 500', async () => {
  const { peer, dialog, say, answer, finish } = await called();
  dialog.onReinvite = (reinvite) => reinvite.accept({});
  const mine = dialog.reinvite({ body: sdp('mine') });
  await say({ cseq: 2 });
  await say({ method: 'UPDATE', cseq: 3, body: 'v=0' });
  assert.deepEqual(peer.statuses, [491, 491]);
  await answer('INVITE', '200 OK', { headers: { Contact: '<sip:raw@10.0.0.1>' } });
  assert.equal((await mine).status, 200);
  dialog.onReinvite = () => {};
  await say({ method: 'UPDATE', cseq: 4, body: 'v=0' });
  await say({ method: 'UPDATE', cseq: 5, body: 'v=0' });
  assert.deepEqual(peer.statuses, [491, 491, 500]);
  assert.ok(headerOf(peer.last('SIP/2.0 500'), 'Retry-After'));
  await say({ method: 'BYE', cseq: 6 });
  await finish();
});

for (const [who, open, low, high] of [
  ['who made the call', calling, 2100, 4000],
  ['who was called', called, 0, 2000],
] as const) {
  test(`491 to a re-INVITE of ours: tried again after ${low} to ${high} ms by ${who}, and given up in the end`, async () => {
    const { rig, peer, dialog, answer, say, finish } = await open();
    const mine = dialog.reinvite({ body: sdp('mine') });
    const waits = new Set<number>();
    for (let attempt = 0; attempt < 6; attempt++) {
      peer.restart();
      while (peer.timesOf('INVITE').length === 0) await rig.clock.runFor(5);
      const wait = peer.times[0]!;
      if (attempt > 0) {
        assert.ok(wait >= low - 10 && wait <= high, `${wait} ms`);
        waits.add(wait);
      }
      await answer('INVITE', '491 Request Pending');
      assert.ok(peer.last('ACK'));
    }
    assert.equal((await rig.clock.settle(mine)).status, 491);
    assert.ok(waits.size > 2);
    await say({ method: 'BYE', cseq: 9 });
    await finish();
  });
}

test('re-INVITEs of ours queue: one at a time, in order', async () => {
  const { rig, peer, dialog, answer, say, finish } = await called();
  const first = dialog.reinvite({ body: sdp('one') });
  const second = dialog.request('UPDATE', { body: sdp('two') });
  const third = dialog.reinvite({ body: sdp('three') });
  await rig.clock.runFor(5);
  assert.deepEqual(
    peer.lines.map((line) => line.split(' ')[0]),
    ['INVITE'],
  );
  await answer('INVITE', '200 OK');
  assert.equal((await first).status, 200);
  assert.deepEqual(
    peer.lines.map((line) => line.split(' ')[0]),
    ['INVITE', 'ACK', 'UPDATE'],
  );
  await answer('UPDATE', '200 OK');
  assert.equal((await second).status, 200);
  await answer('INVITE', '488 Not Acceptable Here');
  assert.equal((await third).status, 488);
  const numbers = peer.received.filter((text) => /^(INVITE|UPDATE)/.test(text)).map((text) => headerOf(text, 'CSeq'));
  const start = Number(numbers[0]!.split(' ')[0]);
  assert.deepEqual(numbers, [`${start} INVITE`, `${start + 1} UPDATE`, `${start + 2} INVITE`]);
  await say({ method: 'BYE' });
  await finish();
});

test('a re-INVITE of ours that only rings is cancelled after a minute; without an end the dialog is over', async () => {
  const { rig, peer, dialog, answer, say, finish } = await called();
  const first = dialog.reinvite({ body: sdp('one') });
  await rig.clock.runFor(5);
  await answer('INVITE', '180 Ringing');
  await rig.clock.runFor(60_000);
  await answer('CANCEL', '200 OK');
  await answer('INVITE', '487 Request Terminated');
  assert.equal((await rig.clock.settle(first)).status, 487);
  const second = dialog.reinvite({ body: sdp('two') }).catch((error: { code: string }) => error.code);
  await rig.clock.runFor(5);
  await answer('INVITE', '180 Ringing');
  await rig.clock.runFor(93_000);
  assert.equal(await second, 'sip-timeout');
  assert.equal(dialog.state, 'terminated');
  assert.equal(peer.timesOf('BYE').length > 0, true);
  await say({ method: 'BYE' });
  await finish();
});

test('a late re-INVITE: the offer in the 200 is answered in the ACK, which every repeat gets again', async () => {
  const { rig, peer, dialog, answer, say, finish } = await calling();
  peer.restart();
  const mine = dialog.reinvite({}, async (response) => sdp(`answer to ${response.status}`));
  await rig.clock.runFor(5);
  await answer('INVITE', '200 OK', { headers: { Contact: '<sip:raw@10.0.0.1>' }, body: 'v=0' });
  assert.equal((await rig.clock.settle(mine)).status, 200);
  const ack = peer.last('ACK');
  assert.match(ack, /answer to 200/);
  assert.equal(headerOf(ack, 'CSeq')!.split(' ')[0], headerOf(peer.last('INVITE'), 'CSeq')!.split(' ')[0]);
  assert.notEqual(headerOf(ack, 'Via'), headerOf(peer.last('INVITE'), 'Via'));
  await answer('INVITE', '200 OK', { headers: { Contact: '<sip:raw@10.0.0.1>' }, body: 'v=0' });
  assert.equal(peer.timesOf('ACK').length, 2);
  assert.equal(peer.last('ACK'), ack);
  await say({ method: 'BYE' });
  await finish();
});
