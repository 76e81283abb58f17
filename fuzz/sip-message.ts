// Fuzz target: spoiled SIP messages through parser, typed getters, sanity check, builders, printer, framer and digest.
// Only SipParseError may be thrown; what was parsed prints and parses to the same; a stream gives the same in any pieces.
import assert from 'node:assert/strict';
import { parseChallenge, parseCredentials, printChallenge, printCredentials } from '../src/sip/digest.ts';
import {
  buildResponse,
  isSipParseError,
  MAX_MESSAGE_BYTES,
  parseMessage,
  parseNameAddr,
  parseUri,
  parseVia,
  printMessage,
  printNameAddr,
  printUri,
  printVia,
  type SipRequest,
  type SipResponse,
  StreamFramer,
  sanityCheck,
  stampReceived,
  startLine,
  uriEquals,
} from '../src/sip/message/index.ts';
import { type Dice, mutated } from './mutate.ts';
import { runFuzz } from './run.ts';
import { sipCorpus, withTrueLength } from './sip-corpus.ts';

const corpus = sipCorpus();
let input: Buffer = Buffer.alloc(0);

type Message = SipRequest | SipResponse;

/** The value, or undefined when it is malformed. Any other error goes on. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isSipParseError(error)) throw error;
    assert.ok(error.reason.length > 0 && error.status >= 400 && error.status < 600);
    return undefined;
  }
}

function checkTyped(message: Message): void {
  const addresses = [
    attempt(() => message.from),
    attempt(() => message.to),
    ...(attempt(() => message.contacts) ?? []),
    ...(attempt(() => message.routes) ?? []),
    ...(attempt(() => message.recordRoutes) ?? []),
  ];
  for (const address of addresses) {
    if (!address) continue;
    const text = printNameAddr(address);
    assert.deepEqual(parseNameAddr(text), { ...address, displayName: address.displayName || undefined }, text);
    assert.ok(uriEquals(address.uri, address.uri));
  }
  const uri = message.kind === 'request' ? attempt(() => message.uri) : undefined;
  if (uri) assert.deepEqual(parseUri(printUri(uri)), uri, printUri(uri));
  for (const via of attempt(() => message.vias) ?? []) assert.deepEqual(parseVia(printVia(via)), via);
  void [attempt(() => message.callId), attempt(() => message.cseq), attempt(() => message.maxForwards)];
  void [attempt(() => message.fromTag), attempt(() => message.toTag), message.contentType];
  for (const [name] of message.lines) message.values(name);
}

function checkDigest(message: Message): void {
  for (const value of message.values('Proxy-Authenticate')) {
    const challenge = attempt(() => parseChallenge(value));
    if (challenge) attempt(() => parseChallenge(printChallenge(challenge)));
  }
  for (const value of message.values('Proxy-Authorization')) {
    const credentials = attempt(() => parseCredentials(value));
    if (credentials) attempt(() => parseCredentials(printCredentials(credentials)));
  }
}

const linesOf = (message: Message) => message.lines.filter(([name]) => name !== 'Content-Length');

function checkPrinted(message: Message): void {
  const printed = printMessage(message);
  if (printed.length > MAX_MESSAGE_BYTES) return;
  const again = parseMessage(printed);
  assert.equal(startLine(again), startLine(message));
  assert.deepEqual(linesOf(again), linesOf(message));
  assert.deepEqual(Buffer.from(again.body), Buffer.from(message.body));
}

function checkAnswer(request: SipRequest, dice: Dice): void {
  const stamped = attempt(() => stampReceived(request, { host: '192.0.2.7', port: 5071 })) ?? request;
  const response = buildResponse(stamped, dice.of([100, 180, 200, 400, 505]), {
    toTag: 'ours',
    headers: [['X-Note', 'é']],
  });
  const printed = printMessage(response);
  if (printed.length > MAX_MESSAGE_BYTES) return;
  assert.equal(printMessage(parseMessage(printed)).compare(printed), 0);
}

/** What a stream said, without the pings, which count by piece. */
function framed(bytes: Buffer, step: () => number): string[] {
  const framer = new StreamFramer();
  const seen: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = step();
    for (const event of framer.feed(bytes.subarray(at, at + size))) {
      if (event.kind === 'message') seen.push(`${startLine(event.message)} ${event.message.body.length}`);
      else if (event.kind !== 'ping') seen.push(`${event.kind} ${event.error.message}`);
    }
    assert.ok(framer.waitingBytes <= 2 * MAX_MESSAGE_BYTES);
    at += size;
  }
  return seen;
}

function checkStream(dice: Dice): void {
  const stream = Buffer.concat([dice.of(corpus), input, dice.of(corpus)]);
  const whole = framed(stream, () => stream.length);
  const pieces = framed(stream, () => 1 + dice.below(dice.below(3) ? 200 : 3));
  assert.deepEqual(pieces, whole);
}

await runFuzz({
  name: 'sip-message',
  last: () => input,
  once(dice) {
    input = mutated(corpus, dice);
    if (dice.below(4) > 0) input = withTrueLength(input);
    if (dice.below(8) === 0) checkStream(dice);
    let message: Message;
    try {
      message = parseMessage(input);
    } catch (error) {
      if (!isSipParseError(error)) throw error;
      if (error.partial) checkAnswer(error.partial, dice);
      return error.partial ? `answered ${error.status}` : 'dropped';
    }
    checkTyped(message);
    checkDigest(message);
    checkPrinted(message);
    const wrong = sanityCheck(message);
    if (message.kind === 'request') checkAnswer(message, dice);
    if (!wrong) return 'fit';
    return wrong.status === undefined ? 'dropped' : `answered ${wrong.status}`;
  },
});
