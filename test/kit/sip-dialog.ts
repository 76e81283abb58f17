// For tests: a dialog between a stack and a raw peer, made by either side.
import assert from 'node:assert/strict';
import type { Dialog, DialogEnd } from '../../src/sip/index.ts';
import {
  headerOf,
  RawPeer,
  type RawRequest,
  type RigStack,
  rawRequest,
  rawResponse,
  SipRig,
  sdp,
  tagOf,
} from './sip.ts';

export const ours = { host: '10.0.0.2', port: 5060 };

export interface Setting {
  rig: SipRig;
  stack: RigStack;
  peer: RawPeer;
  dialog: Dialog;
  ends: DialogEnd[];
  /** Sends a request in the dialog. */
  say(options: RawRequest): Promise<void>;
  /** Answers our latest request of this method. */
  answer(method: string, status: string, options?: Parameters<typeof rawResponse>[2]): Promise<void>;
  /** Runs all timers out; nothing may be left. */
  finish(): Promise<void>;
}

/** A raw peer has called us and we have answered; `ack: false` leaves the ACK to the test. */
export async function called(options: { invite?: RawRequest; ack?: boolean } = {}): Promise<Setting> {
  const rig = new SipRig(7);
  const stack = await rig.stack(ours.host);
  const peer = await RawPeer.open(rig, '10.0.0.1');
  peer.send(ours, rawRequest(peer.address, options.invite));
  await rig.clock.runFor(5);
  const dialog = stack.invites[0]!.accept({ body: sdp('answer') });
  const ends: DialogEnd[] = [];
  dialog.onEnd = (end) => ends.push(end);
  await rig.clock.runFor(5);
  const toTag = tagOf(peer.last('SIP/2.0 200'), 'To')!;
  const say = async (request: RawRequest): Promise<void> => {
    peer.send(ours, rawRequest(peer.address, { toTag, cseq: 2, ...request }));
    await rig.clock.runFor(5);
  };
  if (options.ack !== false) await say({ method: 'ACK', cseq: 1 });
  peer.restart();
  return { rig, stack, peer, dialog, ends, say, answer: answering(rig, peer), finish: finishing(rig) };
}

/** We have called a raw peer and it has answered. */
export async function calling(headers: Record<string, string> = {}): Promise<Setting> {
  const rig = new SipRig(7);
  const stack = await rig.stack(ours.host);
  const peer = await RawPeer.open(rig, '10.0.0.1');
  const call = stack.invite({ uri: 'sip:raw@10.0.0.1', from: { uri: 'sip:us@10.0.0.2' }, body: sdp('offer') });
  const answered = new Promise<Dialog>((resolve) => {
    call.onAnswer = resolve;
  });
  await rig.clock.runFor(5);
  const invite = peer.last('INVITE');
  const contact = { Contact: '<sip:raw@10.0.0.1:5060>', ...headers };
  peer.send(ours, rawResponse(invite, '200 OK', { toTag: 'raw', headers: contact }));
  const dialog = await rig.clock.settle(answered);
  const ends: DialogEnd[] = [];
  dialog.onEnd = (end) => ends.push(end);
  await rig.clock.runFor(5);
  const toTag = tagOf(invite, 'From')!;
  const callId = headerOf(invite, 'Call-ID')!;
  const say = async (request: RawRequest): Promise<void> => {
    peer.send(ours, rawRequest(peer.address, { toTag, callId, cseq: 2, ...request }));
    await rig.clock.runFor(5);
  };
  return { rig, stack, peer, dialog, ends, say, answer: answering(rig, peer), finish: finishing(rig) };
}

function answering(rig: SipRig, peer: RawPeer): Setting['answer'] {
  return async (method, status, options) => {
    peer.send(ours, rawResponse(peer.last(method), status, options));
    await rig.clock.runFor(5);
  };
}

function finishing(rig: SipRig): () => Promise<void> {
  return async () => {
    await rig.end();
    const { transactions, dialogs } = rig.stacks[0]!.stats();
    assert.deepEqual({ transactions, dialogs }, { transactions: 0, dialogs: 0 });
    await rig.close();
  };
}
