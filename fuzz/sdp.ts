// Fuzz target: spoiled session descriptions through parser, printer, answerOffer, applyAnswer and makeOffer.
// Nothing may throw; a description prints and parses to the same; an answer has every section of its offer and sane values.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { isRefusal } from '../src/base/index.ts';
import {
  type AgreedMedia,
  answerOffer,
  applyAnswer,
  isSdpError,
  type LocalMedia,
  makeOffer,
  maxPtimeMs,
  minPtimeMs,
  newSdpSession,
  parseSdp,
  printSdp,
  type SdpSession,
  type SessionDescription,
} from '../src/sdp/index.ts';
import { type Dice, mutated } from './mutate.ts';
import { runFuzz } from './run.ts';

const folder = new URL('../src/sdp/devices/', import.meta.url);
const corpus = readdirSync(folder)
  .filter((name) => name.endsWith('.sdp'))
  .map((name) => readFileSync(new URL(name, folder)));

const local: LocalMedia = {
  address: '192.0.2.1',
  port: 4000,
  codecs: [
    { name: 'PCMU', clockRate: 8000, payloadType: 0 },
    { name: 'PCMA', clockRate: 8000, payloadType: 8 },
    { name: 'G722', clockRate: 8000, payloadType: 9 },
    { name: 'opus', clockRate: 48_000, payloadType: 96, channels: 2, fmtp: 'useinbandfec=1' },
  ],
  dtmf: true,
  comfortNoise: true,
  rtcpMux: true,
};

let input: Buffer = Buffer.alloc(0);

function checkMedia(media: AgreedMedia): void {
  assert.ok(local.codecs.some((c) => c.name === media.codec && c.clockRate === media.clockRate));
  assert.ok(media.ptimeMs % 10 === 0 && media.ptimeMs >= minPtimeMs && media.ptimeMs <= maxPtimeMs);
  for (const { payloadType } of [media, ...media.receive]) assert.ok(payloadType >= 0 && payloadType <= 127);
  for (const { host, port } of [media.remote, media.remoteRtcp])
    assert.ok(host.length > 0 && port >= 0 && port <= 65_536 && !/[\s/]/.test(host));
}

/** Answers, answers again in the session it made, and offers in it. */
function checkAnswer(offer: SessionDescription, text: string, session: SdpSession): string {
  const answered = answerOffer(text, local, session);
  if (isRefusal(answered)) {
    assert.ok(answered.sip === 488 && answered.reason.length > 0);
    return answered.code;
  }
  checkMedia(answered.media);
  const again = parseSdp(answered.sdp);
  assert.ok(!isSdpError(again));
  assert.deepEqual(again, answered.description);
  assert.deepEqual(
    again.media.map((m) => m.kind),
    offer.media.map((m) => m.kind),
  );
  assert.ok(again.media.every((m) => m.port === 0 || m.port === local.port));
  const repeated = answerOffer(text, local, answered.session);
  assert.ok(!isRefusal(repeated));
  assert.equal(repeated.session.version, answered.session.version);
  const ours = makeOffer(local, answered.session);
  assert.ok(!isSdpError(parseSdp(ours.sdp)));
  assert.equal(ours.description.media.length, offer.media.length);
  const taken = applyAnswer(ours.description, text, local);
  if (!isRefusal(taken)) checkMedia(taken);
  return 'answered';
}

function once(dice: Dice): string {
  input = mutated(corpus, dice);
  const text = input.toString(dice.below(4) ? 'utf8' : 'latin1');
  const sdp = parseSdp(text);
  if (isSdpError(sdp)) {
    assert.ok(sdp.line >= 1 && sdp.line <= text.split(/\r\n|\n|\r/).length && sdp.reason.length > 0);
    const refusal = answerOffer(text, local, newSdpSession({ sessionId: '1' }));
    assert.ok(isRefusal(refusal) && refusal.sip === 400);
    return 'malformed';
  }
  assert.deepEqual(parseSdp(printSdp(sdp)), sdp);
  const session = newSdpSession({ sessionId: '1000' });
  return checkAnswer(sdp, text, dice.below(2) ? session : makeOffer(local, session).session);
}

await runFuzz({ name: 'sdp', last: () => input, once });
