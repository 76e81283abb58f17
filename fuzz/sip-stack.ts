// Fuzz target: spoiled messages to a whole SIP stack with calls in every state, over UDP and TCP. Nothing may be thrown, no
// handler may fail, and when all timers have run nothing may be left.
import assert from 'node:assert/strict';
import { makeLog, type Network, type TcpConnection, type TcpListener, type UdpSocket } from '../src/base/index.ts';
import { seededRandom, VirtualClock } from '../src/base/sim/index.ts';
import { createSipStack, type Dialog, type SipStack } from '../src/sip/index.ts';
import { headerOf, rawRequest, rawResponse, sdp, tagOf } from '../test/kit/sip.ts';
import { type Dice, mutated } from './mutate.ts';
import { runFuzz } from './run.ts';
import { sipCorpus, withTrueLength } from './sip-corpus.ts';

const peer = { host: '10.0.0.1', port: 5060 };
/** Inputs between two looks at what is left. */
const round = 500;
const corpus = sipCorpus();
const findings: string[] = [];
const log = makeLog((level, message, fields) => {
  if (level === 'error') findings.push(`${message} ${JSON.stringify(fields)}`);
});

/** What a stack says and hears, without a network below. */
class World {
  readonly clock = new VirtualClock();
  readonly sent: string[] = [];
  readonly stack: SipStack;
  udp!: UdpSocket;
  tcp!: TcpListener;

  constructor(seed: number) {
    const network = {
      udp: async (local) => {
        const send = (data: Uint8Array): void => void this.sent.push(Buffer.from(data).toString('latin1'));
        this.udp = { local, send, onMessage: () => {}, onError: () => {}, close: () => {} };
        return this.udp;
      },
      tcpListen: async (local) => {
        this.tcp = { local, onConnection: () => {}, close: async () => {} };
        return this.tcp;
      },
      tcpConnect: () => Promise.reject(new Error('refused')),
      resolver: { srv: async () => [], a: async () => [], aaaa: async () => [] },
    } as Partial<Network> as Network;
    const bind = { host: '10.0.0.2', port: 5060 };
    this.stack = createSipStack({
      clock: this.clock,
      random: seededRandom(seed),
      log,
      network,
      bind,
      userAgent: 'fuzzed',
    });
  }

  /** What is worth spoiling: messages of calls that are going on. */
  async prepare(): Promise<Buffer[]> {
    await this.clock.settle(this.stack.start());
    this.stack.onInvite = (invite) => {
      invite.progress(183);
      if (invite.request.cseq.number % 3 === 0) return invite.reject(486);
      const dialog = invite.accept({ body: sdp() });
      hear(dialog);
      if (invite.request.cseq.number % 3 === 1) dialog.request('INFO').catch(() => {});
    };
    this.stack.onRequest = (request) => request.respond(202);
    const call = this.stack.invite({
      uri: 'sip:raw@10.0.0.1',
      from: { uri: 'sip:us@x' },
      auth: { username: 'u', password: 'p' },
    });
    call.onAnswer = hear;
    this.udp.onMessage(Buffer.from(rawRequest(peer, { cseq: 1, branch: 'z9hG4bKfirst' })), peer);
    await this.clock.runFor(10);
    const invite = this.sent.find((text) => text.startsWith('INVITE'))!;
    const toTag = tagOf(this.sent.find((text) => text.startsWith('SIP/2.0 200'))!, 'To')!;
    const challenge = { 'WWW-Authenticate': 'Digest realm="r", nonce="n", qop="auth"' };
    const contact = { Contact: '<sip:raw@10.0.0.1>', 'Record-Route': '<sip:10.0.0.1;lr>' };
    const texts = [
      ...['ACK', 'INVITE', 'UPDATE', 'INFO', 'NOTIFY', 'BYE'].map((method, at) =>
        rawRequest(peer, { method, toTag, cseq: at === 0 ? 1 : at + 1, body: 'v=0' }),
      ),
      rawRequest(peer, { method: 'CANCEL', branch: 'z9hG4bKfirst' }),
      rawRequest(peer, { method: 'INVITE', callId: 'other', cseq: 3 }),
      rawResponse(invite, '180 Ringing', { toTag: 'a', headers: contact }),
      rawResponse(invite, '200 OK', { toTag: 'a', headers: contact, body: 'v=0' }),
      rawResponse(invite, '200 OK', { toTag: 'b', headers: contact }),
      rawResponse(invite, '401 Unauthorized', { toTag: 'c', headers: challenge }),
      rawResponse(invite, '486 Busy Here', { toTag: 'c' }),
    ];
    assert.ok(headerOf(invite, 'Call-ID'));
    return texts.map((text) => Buffer.from(text));
  }
}

function hear(dialog: Dialog): void {
  dialog.onReinvite = (reinvite) => reinvite.accept({ body: sdp() });
  dialog.onRequest = (request) => request.respond(200);
}

let world: World | undefined;
let live: Buffer[] = [];
let seen = 0;
let input: Buffer = Buffer.alloc(0);

async function finish(old: World): Promise<void> {
  assert.deepEqual(findings, []);
  await old.clock.runFor(120_000);
  const { transactions, dialogs, connections } = old.stack.stats();
  // Calls that go on are fine; what a user would hang up is hung up by closing.
  assert.ok(transactions <= dialogs * 2, `${transactions} transactions for ${dialogs} dialogs are left`);
  assert.equal(connections, 0);
  await old.clock.settle(old.stack.close());
  assert.equal(old.clock.pendingTimers, 0);
  assert.equal(old.stack.stats().transactions + old.stack.stats().dialogs, 0);
}

/** A connection that says these bytes and hangs up. */
function overTcp(tcp: TcpListener, bytes: Buffer): void {
  const connection: TcpConnection = {
    local: tcp.local,
    remote: peer,
    send: () => true,
    onData: () => {},
    onClose: () => {},
    close: () => {},
    destroy: () => {},
  };
  tcp.onConnection(connection);
  connection.onData(bytes);
  connection.onClose();
}

await runFuzz({
  name: 'sip-stack',
  last: () => input,
  async once(dice: Dice) {
    if (!world || seen++ % round === 0) {
      if (world) await finish(world);
      world = new World(1 + dice.below(1_000_000));
      live = await world.prepare();
    }
    input = dice.below(3) === 0 ? mutated(corpus, dice) : dice.below(4) === 0 ? dice.of(live) : mutated(live, dice);
    if (dice.below(4) > 0) input = withTrueLength(input);
    const before = world.stack.stats();
    if (dice.below(10) === 0) overTcp(world.tcp, input);
    else world.udp.onMessage(input, peer);
    if (dice.below(20) === 0) await world.clock.runFor(dice.below(3000));
    const after = world.stack.stats();
    world.sent.length = 0;
    if (findings.length > 0) throw new Error(findings[0]);
    if (after.bad > before.bad) return 'bad';
    return after.retransmitted > before.retransmitted ? 'repeat' : 'taken';
  },
});
