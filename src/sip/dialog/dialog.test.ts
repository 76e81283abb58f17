// Requests inside a dialog but re-INVITE: order, target and routes, and every way it ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerOf, rawResponse, sdp } from '../../../test/kit/sip.ts';
import { called, calling, ours } from '../../../test/kit/sip-dialog.ts';
import { isFault } from '../../base/index.ts';
import type { DialogEnd, IncomingRequest } from '../types.ts';

const faultOf = (end: DialogEnd | undefined): string | undefined => (end?.by === 'fault' ? end.fault.code : undefined);

test('BYE: 200, the end is told once, and what is unanswered gets 487', async () => {
  const { peer, dialog, ends, say, finish } = await called();
  dialog.onRequest = () => {};
  await say({ method: 'INFO' });
  await say({ method: 'BYE', cseq: 3, headers: { Reason: 'Q.850;cause=16' } });
  await say({ method: 'BYE', cseq: 4 });
  assert.deepEqual(peer.statuses, [200, 487, 481]);
  assert.equal(ends.length, 1);
  assert.equal(ends[0]!.by === 'remote' && ends[0]!.request.header('Reason'), 'Q.850;cause=16');
  assert.equal(dialog.state, 'terminated');
  await finish();
});

test('a lower CSeq is 500 with Retry-After, a gap is fine', async () => {
  const { peer, dialog, say, finish } = await called();
  dialog.onRequest = (request) => request.respond(200);
  await say({ method: 'INFO', cseq: 20 });
  await say({ method: 'INFO', cseq: 19 });
  assert.deepEqual(peer.statuses, [200, 500]);
  assert.match(headerOf(peer.last('SIP/2.0 500'), 'Retry-After')!, /^\d+$/);
  await say({ method: 'BYE', cseq: 21 });
  await finish();
});

test('INFO, MESSAGE and NOTIFY reach the user with their bodies; unset 501, OPTIONS 200, a throwing handler 500', async () => {
  const { peer, dialog, say, finish } = await called();
  await say({ method: 'INFO', cseq: 2 });
  await say({ method: 'OPTIONS', cseq: 3 });
  const seen: string[] = [];
  dialog.onRequest = (one: IncomingRequest) => {
    seen.push(`${one.request.method} ${Buffer.from(one.request.body).toString()}`);
    one.respond(202, undefined, { headers: { 'X-Seen': 'yes' }, body: { contentType: 'text/plain', content: 'ok' } });
  };
  const headers = { 'Content-Type': 'application/dtmf-relay' };
  await say({ method: 'INFO', cseq: 4, body: 'Signal=5', headers });
  await say({ method: 'MESSAGE', cseq: 5 });
  await say({ method: 'NOTIFY', cseq: 6 });
  assert.match(peer.last('SIP/2.0 202'), /X-Seen: yes[\s\S]*Content-Type: text\/plain[\s\S]*\r\n\r\nok$/);
  dialog.onRequest = () => {
    throw new Error('a bug');
  };
  await say({ method: 'INFO', cseq: 7 });
  assert.deepEqual(peer.statuses, [501, 200, 202, 202, 202, 500]);
  assert.deepEqual(seen, ['INFO Signal=5', 'MESSAGE ', 'NOTIFY ']);
  await say({ method: 'BYE', cseq: 8 });
  await finish();
});

test('our BYE waits for their ACK, at most 64*T1', async () => {
  const { rig, peer, dialog, ends, say, answer, finish } = await called({ ack: false });
  const ended = dialog.bye({ Reason: 'SIP;cause=200' });
  assert.deepEqual(ends, [{ by: 'local' }]);
  await rig.clock.runFor(3000);
  assert.equal(peer.timesOf('BYE').length, 0);
  await say({ method: 'ACK', cseq: 1 });
  assert.equal(headerOf(peer.last('BYE'), 'Reason'), 'SIP;cause=200');
  await answer('BYE', '200 OK');
  await rig.clock.settle(ended);
  await finish();

  const silent = await called({ ack: false });
  const given = silent.dialog.bye();
  await silent.rig.clock.runFor(33_000);
  assert.equal(silent.peer.timesOf('BYE')[0], 31_995);
  await silent.answer('BYE', '200 OK');
  await silent.rig.clock.settle(given);
  assert.equal(silent.ends.length, 1);
  await silent.finish();
});

test('BYEs that cross: both get 200, the end is told once', async () => {
  const { rig, peer, dialog, ends, say, finish } = await called();
  const ended = dialog.bye();
  await rig.clock.runFor(5);
  await say({ method: 'BYE' });
  assert.deepEqual(peer.statuses, [200]);
  peer.send(ours, rawResponse(peer.last('BYE'), '481 Gone'));
  await rig.clock.settle(ended);
  assert.deepEqual(ends, [{ by: 'local' }]);
  await finish();
});

for (const status of ['481 Call Does Not Exist', '408 Request Timeout']) {
  test(`${status} to a request of ours ends the dialog, with a BYE to make sure`, async () => {
    const { rig, peer, dialog, ends, answer, finish } = await called();
    const asked = dialog.request('INFO', { body: { contentType: 'application/dtmf', content: '5' } });
    await rig.clock.runFor(5);
    await answer('INFO', status);
    assert.equal((await asked).status, Number(status.slice(0, 3)));
    assert.equal(faultOf(ends[0]), 'sip-gone');
    await answer('BYE', '481 Gone');
    await finish();
    peer.close();
  });
}

test('no answer to a request of ours ends the dialog', async () => {
  const { rig, peer, dialog, ends, finish } = await called();
  const asked = dialog.request('INFO').catch((error: unknown) => error);
  await rig.clock.runFor(32_100);
  const fault = await asked;
  assert.ok(isFault(fault) && fault.code === 'sip-timeout');
  assert.equal(faultOf(ends[0]), 'sip-timeout');
  assert.ok(peer.last('BYE'));
  await finish();
});

test('methods that are no words, or have a way of their own, are refused', async () => {
  const { peer, dialog, say, finish } = await called();
  for (const method of ['', 'A B', 'INFO\r\nX: y', 'INVITE', 'ACK', 'BYE', 'CANCEL']) {
    await assert.rejects(dialog.request(method), { code: 'sip-bad-request' }, method);
  }
  await say({ method: 'BYE' });
  assert.deepEqual(peer.statuses, [200]);
  await finish();
});

test('what waits when the far end hangs up is told so; afterwards nothing is sent', async () => {
  const { rig, peer, dialog, say, finish } = await called();
  const outcomes = [dialog.request('INFO'), dialog.reinvite({ body: sdp() }), dialog.reinvite({})].map((promise) =>
    promise.catch((error: unknown) => (isFault(error) ? error.code : error)),
  );
  await say({ method: 'BYE' });
  outcomes.push(dialog.request('INFO').catch((error: unknown) => (isFault(error) ? error.code : error)));
  assert.deepEqual(await rig.clock.settle(Promise.all(outcomes)), ['sip-ended', 'sip-ended', 'sip-ended', 'sip-ended']);
  await dialog.bye();
  assert.equal(peer.timesOf('BYE').length, 0);
  await finish();
});

const routed = {
  'Record-Route': '<sip:10.0.0.1:5060;lr;n=1>, <sip:10.9.9.9;lr;n=2>',
  Contact: '<sip:raw@10.0.0.77:7000>',
};

test('called: requests follow the Record-Route set in order, loosely', async () => {
  const { rig, peer, dialog, answer, finish } = await called({ invite: { headers: routed } });
  const ended = dialog.bye();
  await rig.clock.runFor(5);
  const bye = peer.last('BYE');
  assert.match(bye, /^BYE sip:raw@10\.0\.0\.77:7000 SIP/);
  assert.deepEqual(
    bye.match(/^Route: .*$/gm)?.map((line) => line.trim()),
    ['Route: <sip:10.0.0.1:5060;lr;n=1>', 'Route: <sip:10.9.9.9;lr;n=2>'],
  );
  await answer('BYE', '200 OK');
  await rig.clock.settle(ended);
  await finish();
});

test('calling: the Record-Route set is reversed, the ACK follows it too, and a re-INVITE does not change it', async () => {
  const headers = { ...routed, 'Record-Route': '<sip:10.9.9.9;lr;n=2>, <sip:10.0.0.1:5060;lr;n=1>' };
  const { rig, peer, dialog, say, answer, finish } = await calling(headers);
  const routes = (text: string): string[] | undefined => text.match(/^Route: .*$/gm)?.map((line) => line.trim());
  const expected = ['Route: <sip:10.0.0.1:5060;lr;n=1>', 'Route: <sip:10.9.9.9;lr;n=2>'];
  assert.deepEqual(routes(peer.last('ACK')), expected);
  dialog.onReinvite = (reinvite) => reinvite.accept({});
  await say({ headers: { 'Record-Route': '<sip:10.5.5.5;lr>', Contact: '<sip:moved@10.0.0.78>' } });
  await say({ method: 'ACK' });
  const ended = dialog.bye();
  await rig.clock.runFor(5);
  assert.match(peer.last('BYE'), /^BYE sip:moved@10\.0\.0\.78 SIP/);
  assert.deepEqual(routes(peer.last('BYE')), expected);
  await answer('BYE', '200 OK');
  await rig.clock.settle(ended);
  await finish();
});

test('a strict router stands in the Request-URI, the target at the end of the route', async () => {
  const headers = { 'Record-Route': '<sip:10.0.0.1:5060>, <sip:10.9.9.9;lr>', Contact: '<sip:raw@10.0.0.77:7000>' };
  const { rig, peer, dialog, answer, finish } = await called({ invite: { headers } });
  const ended = dialog.bye();
  await rig.clock.runFor(5);
  const bye = peer.last('BYE');
  assert.match(bye, /^BYE sip:10\.0\.0\.1:5060 SIP/);
  assert.deepEqual(
    bye.match(/^Route: .*$/gm)?.map((line) => line.trim()),
    ['Route: <sip:10.9.9.9;lr>', 'Route: <sip:raw@10.0.0.77:7000>'],
  );
  await answer('BYE', '200 OK');
  await rig.clock.settle(ended);
  await finish();
});

test('a subscription that is gone does not end the call: 481 and silence to NOTIFY and REFER; to INFO they do', async () => {
  for (const [method, survives] of [
    ['NOTIFY', true],
    ['REFER', true],
    ['INFO', false],
  ] as const) {
    for (const status of ['481 Gone', undefined]) {
      const { rig, dialog, answer, say, ends, finish } = await called();
      const request = dialog.request(method).then(
        (response) => response.status,
        (error: { code: string }) => error.code,
      );
      await rig.clock.runFor(5);
      if (status !== undefined) await answer(method, status as never);
      assert.equal(await rig.clock.settle(request, 60_000), status === undefined ? 'sip-timeout' : 481);
      assert.equal(ends.length, survives ? 0 : 1, `${method} ${status}`);
      await say({ method: 'BYE' });
      await finish();
    }
  }
});
