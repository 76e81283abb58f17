// Tests of offer and answer (RFC 3264): choice of codec, direction, packet time, addresses, sessions that go on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testMedia } from '../../test/kit/sdp.ts';
import { isRefusal, type Refusal } from '../base/index.ts';
import { type Answered, answerOffer } from './answer.ts';
import { applyAnswer, makeOffer } from './offer.ts';
import { newSdpSession } from './session.ts';
import type { AgreedMedia, Direction, LocalMedia, SdpSession } from './types.ts';

const session = (): SdpSession => newSdpSession({ sessionId: '1000' });
const head = 'v=0\no=- 1 1 IN IP4 198.51.100.1\ns=-\nc=IN IP4 198.51.100.1\nt=0 0\n';
/** An offer of one audio section. */
const audio = (formats: string, ...attributes: string[]): string =>
  `${head}m=audio 6000 RTP/AVP ${formats}\n${attributes.map((a) => `a=${a}\n`).join('')}`;

function answered(offer: string, local: Partial<LocalMedia> = {}, from = session()): Answered {
  const result = answerOffer(offer, { ...testMedia, ...local }, from);
  assert.ok(!isRefusal(result), JSON.stringify(result));
  return result;
}
function refused(offer: string, local: Partial<LocalMedia> = {}): Refusal {
  const result = answerOffer(offer, { ...testMedia, ...local }, session());
  assert.ok(isRefusal(result), JSON.stringify(result));
  return result;
}
const mediaLine = (sdp: string): string => /^m=audio.*$/m.exec(sdp)?.[0].trim() ?? '';

test('our order of codecs decides, or theirs when asked', () => {
  assert.equal(answered(audio('9 8 0')).media.codec, 'PCMU');
  assert.equal(answered(audio('9 8')).media.codec, 'PCMA');
  assert.equal(answered(audio('9 8 0'), { preference: 'offerer' }).media.codec, 'G722');
  assert.equal(mediaLine(answered(audio('9 8 0')).sdp), 'm=audio 4000 RTP/AVP 0');
});

test('codec names are case-blind, ours are reported; clock and channels must fit', () => {
  assert.equal(answered(audio('96', 'rtpmap:96 pcmu/8000')).media.codec, 'PCMU');
  assert.equal(answered(audio('96', 'rtpmap:96 pcmu/8000/1')).media.payloadType, 96);
  assert.equal(refused(audio('96', 'rtpmap:96 PCMU/16000')).code, 'sdp-codec');
  assert.equal(refused(audio('96', 'rtpmap:96 PCMU/8000/2')).code, 'sdp-codec');
  assert.equal(refused(audio('96')).code, 'sdp-codec', 'a dynamic number without rtpmap means nothing');
  assert.equal(refused(audio('0', 'rtpmap:0 G729/8000')).code, 'sdp-codec', 'rtpmap overrides the table');
});

test('a stereo codec with parameters is agreed under the number of the offer', () => {
  const opus = { name: 'opus', clockRate: 48_000, payloadType: 111, channels: 2, fmtp: 'useinbandfec=1' };
  const offer = audio(
    '97 101 98',
    'rtpmap:97 OPUS/48000/2',
    'fmtp:97 stereo=0',
    'rtpmap:101 telephone-event/8000',
    'rtpmap:98 telephone-event/48000',
  );
  const { sdp, media } = answered(offer, { codecs: [opus] });
  assert.equal(mediaLine(sdp), 'm=audio 4000 RTP/AVP 97 98');
  assert.match(sdp, /a=rtpmap:97 OPUS\/48000\/2\r\na=fmtp:97 useinbandfec=1\r\n/);
  assert.equal(media.codec, 'opus');
  assert.equal(media.fmtp, 'stereo=0');
  assert.deepEqual([media.dtmfPayloadType, media.dtmfClockRate], [98, 48_000]);
  const only8000 = answered(audio('97 101', 'rtpmap:97 opus/48000/2', 'rtpmap:101 telephone-event/8000'), {
    codecs: [opus],
  });
  assert.deepEqual([only8000.media.dtmfPayloadType, only8000.media.dtmfClockRate], [101, 8000]);
});

test('telephone-event and comfort noise are agreed only when both want them', () => {
  const offer = audio('0 13 101', 'rtpmap:101 telephone-event/8000');
  assert.equal(mediaLine(answered(offer).sdp), 'm=audio 4000 RTP/AVP 0 13 101');
  assert.equal(mediaLine(answered(offer, { dtmf: false }).sdp), 'm=audio 4000 RTP/AVP 0 13');
  assert.equal(mediaLine(answered(offer, { comfortNoise: false }).sdp), 'm=audio 4000 RTP/AVP 0 101');
  assert.equal(answered(offer, { dtmf: false }).media.dtmfPayloadType, undefined);
});

test('direction: theirs seen from here, less what we do not want', () => {
  const table: [Direction, Direction, Direction][] = [
    ['sendrecv', 'sendrecv', 'sendrecv'],
    ['sendonly', 'sendrecv', 'recvonly'],
    ['recvonly', 'sendrecv', 'sendonly'],
    ['inactive', 'sendrecv', 'inactive'],
    ['sendrecv', 'sendonly', 'sendonly'],
    ['sendonly', 'sendonly', 'inactive'],
    ['recvonly', 'sendonly', 'sendonly'],
    ['sendrecv', 'inactive', 'inactive'],
    ['sendrecv', 'recvonly', 'recvonly'],
    ['recvonly', 'recvonly', 'inactive'],
  ];
  for (const [theirs, ours, expected] of table) {
    const { sdp, media } = answered(audio('0', theirs), { direction: ours });
    assert.equal(media.direction, expected, `${theirs} with ${ours}`);
    assert.ok(sdp.includes(`\r\na=${expected}\r\n`), sdp);
  }
});

test("a section's direction overrides the session's", () => {
  const offer = audio('0', 'sendrecv').replace('t=0 0\n', 't=0 0\na=inactive\n');
  assert.equal(answered(offer).media.direction, 'sendrecv');
  assert.equal(answered(offer.replace('a=sendrecv\n', '')).media.direction, 'inactive');
});

test('hold by a zero address: inactive, or recvonly when they say that they send', () => {
  const zero = (direction?: string): string =>
    audio('0', ...(direction ? [direction] : [])).replace('c=IN IP4 198.51.100.1', 'c=IN IP4 0.0.0.0');
  assert.equal(answered(zero()).media.direction, 'inactive');
  assert.equal(answered(zero('recvonly')).media.direction, 'inactive');
  assert.equal(answered(zero('sendonly')).media.direction, 'recvonly');
  assert.equal(answered(zero()).media.remote.host, '0.0.0.0');
  const six = audio('0').replace('c=IN IP4 198.51.100.1', 'c=IN IP6 ::');
  assert.equal(answered(six).media.direction, 'inactive');
});

test('audio on port 0 switches a running session off, and is nothing to begin one with', () => {
  const off = audio('0 8').replace('audio 6000', 'audio 0');
  assert.equal(refused(off).code, 'sdp-no-audio');
  const first = answered(audio('0 8'));
  const second = answered(off, {}, first.session);
  assert.equal(mediaLine(second.sdp), 'm=audio 0 RTP/AVP 0');
  assert.equal(second.media.direction, 'inactive');
  assert.equal(second.media.remote.port, 0);
  const third = answered(audio('0 8'), {}, second.session);
  assert.equal(mediaLine(third.sdp), 'm=audio 4000 RTP/AVP 0');
  assert.equal(third.media.direction, 'sendrecv');
});

test('packet time: their wish, within their maximum and our bounds, in steps of ten', () => {
  const ptime = (...a: string[]): number => answered(audio('0', ...a)).media.ptimeMs;
  assert.equal(ptime(), 20);
  for (const ms of [10, 20, 30, 40, 50, 60]) assert.equal(ptime(`ptime:${ms}`), ms);
  assert.equal(ptime('ptime:5'), 10);
  assert.equal(ptime('ptime:25'), 20);
  assert.equal(ptime('ptime:200'), 60);
  assert.equal(ptime('ptime:60', 'maxptime:40'), 40);
  assert.equal(ptime('maxptime:10'), 10);
  assert.equal(ptime('ptime:30.0'), 30);
  for (const bad of ['ptime:x', 'ptime', 'ptime:0', 'ptime:-20']) assert.equal(ptime(bad), 20, bad);
  assert.equal(answered(audio('0'), { ptimeMs: 40 }).media.ptimeMs, 40);
});

test('RTCP goes to the next port, to a=rtcp, or along with RTP when both can', () => {
  const rtcp = (local: Partial<LocalMedia>, ...a: string[]) => {
    const { remoteRtcp, rtcpMux } = answered(audio('0', ...a), local).media;
    return [remoteRtcp.host, remoteRtcp.port, rtcpMux];
  };
  assert.deepEqual(rtcp({}), ['198.51.100.1', 6001, false]);
  assert.deepEqual(rtcp({}, 'rtcp:7000'), ['198.51.100.1', 7000, false]);
  assert.deepEqual(rtcp({}, 'rtcp:7000 IN IP4 198.51.100.2'), ['198.51.100.2', 7000, false]);
  assert.deepEqual(rtcp({}, 'rtcp:7000 IN IP4 example.com'), ['198.51.100.1', 7000, false]);
  assert.deepEqual(rtcp({}, 'rtcp:99999'), ['198.51.100.1', 6001, false]);
  assert.deepEqual(rtcp({}, 'rtcp:7000', 'rtcp-mux'), ['198.51.100.1', 6000, true]);
  assert.deepEqual(rtcp({ rtcpMux: false }, 'rtcp-mux'), ['198.51.100.1', 6001, false]);
});

test('addresses that cannot be sent to are refused with the reason', () => {
  const at = (c: string): Refusal => refused(audio('0').replace('c=IN IP4 198.51.100.1\n', c));
  assert.match(at('').reason, /no c= line/);
  assert.match(at('c=IN IP4 phone.example.com\n').reason, /IP address, not phone.example.com/);
  assert.match(at('c=IN IP4 224.2.1.1/127\n').reason, /multicast/);
  assert.match(at('c=IN IP4 300.1.1.1\n').reason, /IP address/);
  assert.match(at('c=IN IP6 2001:db8::1\n').reason, /IPv4/);
  assert.equal(at('').sip, 488);
});

test('IPv6 both ways', () => {
  const offer = audio('0').replaceAll('IN IP4 198.51.100.1', 'IN IP6 2001:db8::7');
  const { sdp, media } = answered(offer, { address: '2001:db8::1' });
  assert.match(sdp, /o=- 1000 1 IN IP6 2001:db8::1\r\n.*\r\nc=IN IP6 2001:db8::1\r\n/);
  assert.deepEqual(media.remote, { host: '2001:db8::7', port: 6000 });
  for (const bad of ['2001:db8::7::1', ':::', '1:2:3'])
    assert.equal(refused(offer.replaceAll('2001:db8::7', bad), { address: '2001:db8::1' }).code, 'sdp-address', bad);
});

test("the first usable audio is taken, every other section declined in its place; the first one's fault is told", () => {
  const offer = `${head}m=audio 7000 RTP/SAVP 0\nm=audio 7002 RTP/AVP 18\nm=audio 7004 RTP/AVP 8\nm=audio 7006 RTP/AVP 0\nm=video 7008 RTP/AVP 96\n`;
  const { sdp, media } = answered(offer);
  assert.deepEqual(
    sdp.match(/^m=.*$/gm)?.map((l) => l.trim()),
    [
      'm=audio 0 RTP/SAVP 0',
      'm=audio 0 RTP/AVP 18',
      'm=audio 4000 RTP/AVP 8',
      'm=audio 0 RTP/AVP 0',
      'm=video 0 RTP/AVP 96',
    ],
  );
  assert.equal(media.remote.port, 7004);
  const useless = refused(`${head}m=audio 7000 RTP/SAVP 0\nm=audio 7002 RTP/AVP 18\n`);
  assert.equal(useless.code, 'sdp-protocol');
  assert.match(refused(`${head}m=audio 7000 TCP/MRCPv2 1\n`).reason, /TCP\/MRCPv2/);
});

test('the version is raised only when what we say changes', () => {
  const version = (a: { sdp: string }): string | undefined => / (\d+) IN IP4 192/.exec(a.sdp)?.[1];
  const first = answered(audio('0'));
  const same = answered(audio('0'), {}, first.session);
  const held = answered(audio('0', 'sendonly'), {}, same.session);
  const back = answered(audio('0'), {}, held.session);
  const moved = answered(audio('0'), { port: 4002 }, back.session);
  assert.deepEqual([first, same, held, back, moved].map(version), ['1', '1', '2', '3', '4']);
  assert.equal(same.sdp, first.sdp);
});

test('a session is plain data that survives being written out', () => {
  const first = answered(audio('0 96', 'rtpmap:96 telephone-event/8000'));
  const revived = JSON.parse(JSON.stringify(first.session)) as SdpSession;
  assert.deepEqual(revived, first.session);
  assert.equal(makeOffer(testMedia, revived).sdp, makeOffer(testMedia, first.session).sdp);
});

test('our offer lists what we have, in order', () => {
  const { sdp } = makeOffer({ ...testMedia, ptimeMs: 30, direction: 'sendonly' }, session());
  assert.equal(
    sdp,
    [
      'v=0',
      'o=- 1000 1 IN IP4 192.0.2.1',
      's=-',
      'c=IN IP4 192.0.2.1',
      't=0 0',
      'm=audio 4000 RTP/AVP 0 8 9 13 101',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:8 PCMA/8000',
      'a=rtpmap:9 G722/8000',
      'a=rtpmap:13 CN/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=ptime:30',
      'a=sendonly',
      'a=rtcp-mux',
      '',
    ].join('\r\n'),
  );
});

test('codecs of several clocks get a telephone-event each, under numbers of their own', () => {
  const opus = { name: 'opus', clockRate: 48_000, payloadType: 101, channels: 2 };
  const { sdp } = makeOffer({ ...testMedia, codecs: [opus, ...testMedia.codecs] }, session());
  assert.equal(mediaLine(sdp), 'm=audio 4000 RTP/AVP 101 0 8 9 13 96 97');
  assert.match(sdp, /a=rtpmap:96 telephone-event\/48000\r\n/);
  assert.match(sdp, /a=rtpmap:97 telephone-event\/8000\r\n/);
});

test('a later offer of ours keeps the sections, and the meaning of every number, of the offer we answered', () => {
  const offer = `${head}m=video 7000 RTP/AVP 96\nm=audio 7002 RTP/AVPF 101 0 97\na=rtpmap:101 opus/48000/2\na=rtpmap:97 telephone-event/8000\n`;
  const first = answered(offer);
  const hold = makeOffer({ ...testMedia, direction: 'sendonly' }, first.session);
  assert.deepEqual(
    hold.sdp.match(/^m=.*$/gm)?.map((l) => l.trim()),
    ['m=video 0 RTP/AVP 96', 'm=audio 4000 RTP/AVPF 0 8 9 13 97'],
  );
  assert.match(hold.sdp, /^o=- 1000 2 /m);
});

function applied(answer: string, local: Partial<LocalMedia> = {}): AgreedMedia | Refusal {
  const ours = { ...testMedia, ...local };
  return applyAnswer(makeOffer(ours, session()).description, answer, ours);
}
function accepted(answer: string, local: Partial<LocalMedia> = {}): AgreedMedia {
  const media = applied(answer, local);
  assert.ok(!isRefusal(media), JSON.stringify(media));
  return media;
}

test('an answer: the first codec listed is used, all listed may come', () => {
  const media = accepted(audio('8 0 101', 'rtpmap:101 telephone-event/8000', 'ptime:30', 'rtcp-mux'));
  assert.deepEqual(media, {
    codec: 'PCMA',
    payloadType: 8,
    clockRate: 8000,
    ptimeMs: 30,
    dtmfPayloadType: 101,
    dtmfClockRate: 8000,
    comfortNoisePayloadType: undefined,
    receive: [
      { payloadType: 0, codec: 'PCMU', clockRate: 8000 },
      { payloadType: 8, codec: 'PCMA', clockRate: 8000 },
      { payloadType: 101, codec: 'telephone-event', clockRate: 8000 },
    ],
    fmtp: undefined,
    listed: ['PCMA', 'PCMU', 'telephone-event'],
    remote: { host: '198.51.100.1', port: 6000 },
    remoteRtcp: { host: '198.51.100.1', port: 6000 },
    rtcpMux: true,
    direction: 'sendrecv',
  } satisfies AgreedMedia);
});

test('an answer with its own numbers: we send with theirs and expect ours, or theirs', () => {
  const media = accepted(audio('0 96', 'rtpmap:96 telephone-event/8000'));
  assert.equal(media.dtmfPayloadType, 96);
  assert.deepEqual(
    media.receive.filter((f) => f.codec === 'telephone-event').map((f) => f.payloadType),
    [101, 96],
  );
});

test('an answer that leaves out the rtpmap of a number means what the offer said', () => {
  assert.equal(accepted(audio('0 101')).dtmfPayloadType, 101);
});

test('an answer cannot turn on what we did not offer', () => {
  const direction = (ours: Direction, theirs: Direction): Direction =>
    accepted(audio('0', theirs), { direction: ours }).direction;
  assert.equal(direction('sendonly', 'recvonly'), 'sendonly');
  assert.equal(direction('sendonly', 'sendrecv'), 'sendonly');
  assert.equal(direction('sendonly', 'inactive'), 'inactive');
  assert.equal(direction('sendrecv', 'sendonly'), 'recvonly');
  assert.equal(direction('inactive', 'sendrecv'), 'inactive');
  assert.equal(accepted(audio('0', 'rtcp-mux'), { rtcpMux: false }).rtcpMux, false);
  assert.equal(accepted(audio('0 101'), { dtmf: false }).dtmfPayloadType, undefined);
});

test('answers of no use are refused with the reason', () => {
  const cases: [string, string][] = [
    ['garbage', 'sdp-malformed'],
    [head, 'sdp-answer'],
    [`${head}m=video 6000 RTP/AVP 96\n`, 'sdp-answer'],
    [audio('0').replace('audio 6000', 'audio 0'), 'sdp-declined'],
    [audio('18'), 'sdp-codec'],
    [audio('101', 'rtpmap:101 telephone-event/8000'), 'sdp-codec'],
    [audio('0').replace('RTP/AVP', 'RTP/SAVP'), 'sdp-protocol'],
    [audio('0').replace('c=IN IP4 198.51.100.1\n', ''), 'sdp-address'],
  ];
  for (const [answer, code] of cases) {
    const refusal = applied(answer);
    assert.ok(isRefusal(refusal), answer);
    assert.equal(refusal.code, code, answer);
    assert.ok(refusal.sip === 488 || refusal.sip === 400);
  }
});

test('two of us agree, whoever offers, on any pair of wishes', () => {
  const codecs = testMedia.codecs;
  const orders = [codecs, [...codecs].reverse(), [codecs[2]!], [codecs[1]!, codecs[0]!]];
  for (const ours of orders)
    for (const theirs of orders)
      for (const dtmf of [true, false]) {
        const a: LocalMedia = { ...testMedia, codecs: ours };
        const b: LocalMedia = { ...testMedia, codecs: theirs, dtmf, address: '192.0.2.2', port: 5000, ptimeMs: 30 };
        const offer = makeOffer(a, session());
        const answer = answerOffer(offer.sdp, b, session());
        if (!ours.some((o) => theirs.includes(o))) {
          assert.ok(isRefusal(answer) && answer.code === 'sdp-codec');
          continue;
        }
        assert.ok(!isRefusal(answer));
        const agreed = applyAnswer(offer.description, answer.sdp, a);
        assert.ok(!isRefusal(agreed));
        for (const key of [
          'codec',
          'payloadType',
          'clockRate',
          'ptimeMs',
          'dtmfPayloadType',
          'rtcpMux',
          'receive',
        ] as const)
          assert.deepEqual(agreed[key], answer.media[key], key);
      }
});
