// Calls that we make to a raw peer: forks, CANCEL and its races, late offers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerOf, RawPeer, type RigStack, rawRequest, rawResponse, SipRig, sdp, tagOf } from '../../test/kit/sip.ts';
import { type Fault, isFault } from '../base/index.ts';
import type { SipResponse } from './message/index.ts';
import type { Dialog, MessageBody, OutgoingInvite, OutgoingInviteOptions } from './types.ts';

const ours = { host: '10.0.0.2', port: 5060 };
const contact = { Contact: '<sip:raw@10.0.0.1:5060>' };

interface Calling {
  rig: SipRig;
  stack: RigStack;
  peer: RawPeer;
  call: OutgoingInvite;
  /** What the user heard: '180 a', 'answer a', '487', 'sip-timeout'. */
  told: string[];
  dialogs: Dialog[];
  /** Answers the INVITE. */
  answer(status: string, toTag?: string, body?: string): Promise<void>;
  finish(): Promise<void>;
}

async function calling(
  options: Partial<OutgoingInviteOptions> = {},
  prepare?: (call: OutgoingInvite) => void,
): Promise<Calling> {
  const rig = new SipRig(3);
  const stack = await rig.stack(ours.host);
  const peer = await RawPeer.open(rig, '10.0.0.1');
  const call = stack.invite({
    uri: 'sip:raw@10.0.0.1',
    from: { uri: 'sip:us@10.0.0.2', displayName: 'We "Us"' },
    body: sdp('offer'),
    ...options,
  });
  const told: string[] = [];
  const dialogs: Dialog[] = [];
  call.onProvisional = (response) => told.push(`${response.status} ${response.toTag}`);
  call.onAnswer = (dialog) => {
    told.push(`answer ${dialog.remoteTag}`);
    dialogs.push(dialog);
  };
  call.onFailure = (failure: SipResponse | Fault) =>
    told.push(isFault(failure) ? failure.code : String(failure.status));
  prepare?.(call);
  await rig.clock.runFor(5);
  const answer = async (status: string, toTag?: string, body?: string): Promise<void> => {
    const more = { ...(toTag ? { toTag } : {}), ...(body ? { body } : {}) };
    peer.send(ours, rawResponse(peer.last('INVITE'), status, { ...more, headers: contact }));
    await rig.clock.runFor(5);
  };
  const finish = async (): Promise<void> => {
    await rig.end();
    const { transactions, dialogs: left } = stack.stats();
    assert.deepEqual({ transactions, left }, { transactions: 0, left: 0 });
    await rig.close();
  };
  return { rig, stack, peer, call, told, dialogs, answer, finish };
}

const methods = (peer: RawPeer): string[] => peer.lines.map((line) => line.split(' ')[0]!);

test('the INVITE has what RFC 3261 8.1.1 asks for', async () => {
  const { rig, peer, call } = await calling({
    headers: { 'X-One': 'a', 'x-many': ['b', 'c'], Via: 'evil', 'User-Agent': 'mine', 'X-Split': 'd\r\nInjected: yes' },
    contactUser: 'me',
    to: 'sip:someone@else.example',
  });
  const invite = peer.received[0]!;
  assert.match(
    invite,
    /^INVITE sip:raw@10\.0\.0\.1 SIP\/2\.0\r\nVia: SIP\/2\.0\/UDP 10\.0\.0\.2:5060;branch=z9hG4bK[0-9a-f]{16};rport\r\n/,
  );
  assert.match(headerOf(invite, 'From')!, /^"We \\"Us\\"" <sip:us@10\.0\.0\.2>;tag=[0-9a-f]{12}$/);
  assert.equal(headerOf(invite, 'To'), '<sip:someone@else.example>');
  assert.equal(headerOf(invite, 'Call-ID'), call.callId);
  assert.match(headerOf(invite, 'CSeq')!, /^\d{1,5} INVITE$/);
  assert.equal(headerOf(invite, 'Max-Forwards'), '70');
  assert.equal(headerOf(invite, 'Contact'), '<sip:me@10.0.0.2:5060>');
  assert.equal(headerOf(invite, 'User-Agent'), 'mine');
  assert.deepEqual(invite.match(/^x-many: .$/gim), ['x-many: b', 'x-many: c']);
  assert.equal(headerOf(invite, 'Injected'), undefined);
  assert.equal(invite.match(/^Via:/gm)?.length, 1);
  await rig.close();
});

test('forks: every early dialog is told, the first 2xx wins, a later one gets ACK and BYE, repeats get their ACK', async () => {
  const { rig, peer, told, dialogs, answer, finish } = await calling();
  await answer('100 Trying');
  await answer('180 Ringing', 'a');
  await answer('183 Session Progress', 'b', 'v=0');
  await answer('180 Ringing', 'a');
  await answer('200 OK', 'b', 'v=0');
  assert.deepEqual(told, ['180 a', '183 b', '180 a', 'answer b']);
  await answer('200 OK', 'a');
  await answer('200 OK', 'c');
  assert.deepEqual(methods(peer), ['INVITE', 'ACK', 'ACK', 'BYE', 'ACK', 'BYE']);
  assert.deepEqual(
    peer.received.slice(2).map((text) => tagOf(text, 'To')),
    ['a', 'a', 'c', 'c'],
  );
  await answer('200 OK', 'b', 'v=0');
  await answer('200 OK', 'a');
  assert.deepEqual(
    peer.received.slice(6).map((text) => `${text.split(' ')[0]} ${tagOf(text, 'To')}`),
    ['ACK b', 'ACK a'],
  );
  for (const bye of peer.received.filter((text) => text.startsWith('BYE'))) peer.send(ours, rawResponse(bye, '200 OK'));
  await rig.clock.runFor(40_000);
  // Long after the transaction a 2xx that is still repeated gets its ACK.
  await answer('200 OK', 'b', 'v=0');
  assert.equal(methods(peer).at(-1), 'ACK');
  assert.equal(told.length, 4);
  peer.send(
    ours,
    rawRequest(peer.address, { method: 'BYE', toTag: dialogs[0]!.localTag, fromTag: 'b', callId: dialogs[0]!.callId }),
  );
  await finish();
});

test('CANCEL waits for a 1xx, then goes out on the same branch; 487 ends the call', async () => {
  const { peer, call, told, answer, finish } = await calling();
  call.cancel('SIP;cause=200;text="Call completed elsewhere"');
  call.cancel('again');
  assert.deepEqual(methods(peer), ['INVITE']);
  await answer('100 Trying');
  const cancel = peer.last('CANCEL');
  const invite = peer.last('INVITE');
  for (const name of ['Via', 'From', 'To', 'Call-ID', 'Max-Forwards'])
    assert.equal(headerOf(cancel, name), headerOf(invite, name));
  assert.equal(headerOf(cancel, 'CSeq'), headerOf(invite, 'CSeq')!.replace('INVITE', 'CANCEL'));
  assert.equal(headerOf(cancel, 'Reason'), 'SIP;cause=200;text="Call completed elsewhere"');
  peer.send(ours, rawResponse(cancel, '200 OK', { toTag: 'x' }));
  await answer('487 Request Terminated', 'x');
  assert.deepEqual(told, ['487']);
  assert.deepEqual(methods(peer), ['INVITE', 'CANCEL', 'ACK']);
  await finish();
});

test('a 200 that crosses the CANCEL is acknowledged, ended with BYE, and told as 487', async () => {
  const { peer, call, told, answer, finish } = await calling();
  await answer('180 Ringing', 'x');
  call.cancel();
  await answer('200 OK', 'x');
  assert.deepEqual(methods(peer), ['INVITE', 'CANCEL', 'ACK', 'BYE']);
  peer.send(ours, rawResponse(peer.last('CANCEL'), '481 Too late'));
  peer.send(ours, rawResponse(peer.last('BYE'), '200 OK'));
  assert.deepEqual(told, ['180 x', '487']);
  await answer('200 OK', 'x');
  assert.equal(methods(peer).at(-1), 'ACK');
  await finish();
});

test('a cancelled call that nobody ends is over after 64*T1', async () => {
  const { rig, peer, call, told, answer, finish } = await calling();
  await answer('180 Ringing', 'x');
  call.cancel();
  await rig.clock.runFor(100);
  peer.send(ours, rawResponse(peer.last('CANCEL'), '200 OK'));
  await rig.clock.runFor(31_000);
  assert.deepEqual(told, ['180 x']);
  await rig.clock.runFor(1000);
  assert.deepEqual(told, ['180 x', '487']);
  await finish();
});

test('a call cancelled before anything came back, or was sent, ends as cancelled', async () => {
  const silent = await calling();
  silent.call.cancel();
  await silent.rig.clock.runFor(32_100);
  assert.deepEqual(silent.told, ['487']);
  assert.equal(methods(silent.peer).includes('CANCEL'), false);
  await silent.finish();

  const unsent = await calling({}, (call) => call.cancel());
  assert.deepEqual(unsent.told, ['487']);
  assert.deepEqual(unsent.peer.received, []);
  await unsent.finish();
});

test('a refusal ends the call, and a CANCEL after it is nothing', async () => {
  const { peer, call, told, answer, finish } = await calling();
  await answer('180 Ringing', 'x');
  await answer('486 Busy Here', 'y');
  call.cancel();
  await answer('486 Busy Here', 'y');
  assert.deepEqual(told, ['180 x', '486']);
  assert.deepEqual(methods(peer), ['INVITE', 'ACK', 'ACK']);
  await finish();
});

test('a late offer: the ACK waits for the answer and carries it; BYE does not overtake it', async () => {
  let give: (body: MessageBody) => void = () => {};
  const { rig, peer, dialogs, answer, finish } = await calling({ body: undefined as never }, (call) => {
    call.ackBody = () =>
      new Promise((resolve) => {
        give = resolve;
      });
  });
  assert.equal(headerOf(peer.received[0]!, 'Content-Type'), undefined);
  await answer('200 OK', 'x', 'v=0');
  await answer('200 OK', 'x', 'v=0');
  assert.deepEqual(methods(peer), ['INVITE']);
  assert.equal(dialogs.length, 1);
  give(sdp('late answer'));
  await rig.clock.runFor(5);
  assert.match(peer.last('ACK'), /Content-Type: application\/sdp[\s\S]*late answer/);
  await answer('200 OK', 'x', 'v=0');
  assert.deepEqual(methods(peer), ['INVITE', 'ACK', 'ACK']);
  void dialogs[0]!.bye();
  await rig.clock.runFor(5);
  peer.send(ours, rawResponse(peer.last('BYE'), '200 OK'));
  await finish();
});

test('a late offer that cannot be answered: ACK, BYE and a fault', async () => {
  for (const ackBody of [() => Promise.reject(new Error('no codec')), () => new Promise<never>(() => {})]) {
    let end = '';
    const { rig, peer, answer, finish } = await calling({ body: undefined as never }, (call) => {
      call.ackBody = ackBody;
      call.onAnswer = (dialog) => {
        dialog.onEnd = (one) => {
          end = one.by === 'fault' ? one.fault.code : one.by;
        };
      };
    });
    await answer('200 OK', 'x', 'v=0');
    if (end === '') await rig.clock.runFor(32_000);
    assert.equal(end, 'sip-no-answer');
    assert.deepEqual(methods(peer).slice(0, 3), ['INVITE', 'ACK', 'BYE']);
    peer.send(ours, rawResponse(peer.last('BYE'), '200 OK'));
    await finish();
  }
});

test('in an early dialog of ours: UPDATE without offer refreshes, one with an offer is 491, a re-INVITE too', async () => {
  const { rig, peer, call, answer, finish } = await calling();
  await answer('183 Session Progress', 'x');
  const request = { toTag: tagOf(peer.last('INVITE'), 'From')!, fromTag: 'x', callId: call.callId };
  peer.send(ours, rawRequest(peer.address, { ...request, method: 'UPDATE', cseq: 1 }));
  peer.send(ours, rawRequest(peer.address, { ...request, method: 'UPDATE', cseq: 2, body: 'v=0' }));
  peer.send(ours, rawRequest(peer.address, { ...request, method: 'INVITE', cseq: 3, body: 'v=0' }));
  await rig.clock.runFor(5);
  assert.deepEqual(peer.statuses, [200, 491, 491]);
  await answer('486 Busy Here', 'x');
  await finish();
});

test('in an early dialog of ours: we may send UPDATE too, and its refusal does not end the call', async () => {
  const { rig, peer, call, told, answer, finish } = await calling();
  await answer('183 Session Progress', 'x');
  const updated = call.send('x', 'UPDATE', { headers: { 'X-Line': 'new' } });
  await rig.clock.runFor(5);
  const update = peer.last('UPDATE');
  assert.equal(tagOf(update, 'To'), 'x');
  assert.equal(headerOf(update, 'X-Line'), 'new');
  assert.ok(headerOf(update, 'Contact'));
  peer.send(ours, rawResponse(update, '481 No'));
  assert.equal((await rig.clock.settle(updated)).status, 481);
  await assert.rejects(call.send('y', 'UPDATE'), { code: 'sip-ended' });
  await answer('200 OK', 'x');
  assert.deepEqual(told, ['183 x', 'answer x']);
  assert.equal(
    Number(headerOf(peer.last('ACK'), 'CSeq')!.split(' ')[0]),
    Number(headerOf(update, 'CSeq')!.split(' ')[0]) - 1,
  );
  peer.send(
    ours,
    rawRequest(peer.address, { method: 'BYE', toTag: tagOf(update, 'From')!, fromTag: 'x', callId: call.callId }),
  );
  await finish();
});

test('closing the stack ends calls with a fault and leaves no timer', async () => {
  const { rig, stack, told, dialogs, answer } = await calling();
  await answer('200 OK', 'x');
  let end = '';
  dialogs[0]!.onEnd = (one) => {
    end = one.by === 'fault' ? one.fault.code : one.by;
  };
  const second = stack.invite({ uri: 'sip:raw@10.0.0.1', from: { uri: 'sip:us@10.0.0.2' } });
  let failure = '';
  second.onFailure = (one) => {
    failure = isFault(one) ? one.code : '';
  };
  const asked = stack.request({ method: 'OPTIONS', uri: 'sip:raw@10.0.0.1', from: { uri: 'sip:us@10.0.0.2' } });
  const outcome = asked.catch((error: unknown) => (isFault(error) ? error.code : ''));
  await rig.clock.runFor(5);
  await rig.close();
  assert.deepEqual([end, failure, await outcome], ['sip-closed', 'sip-closed', 'sip-closed']);
  assert.deepEqual(told, ['answer x']);
  assert.equal(rig.clock.pendingTimers, 0);
});
