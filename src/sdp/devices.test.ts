// What devices offer, and the answer each gets: devices/<name>.offer.sdp with <name>.answer.sdp, or <name>.refused.txt (status, code, reason).
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { testMedia } from '../../test/kit/sdp.ts';
import { isRefusal } from '../base/index.ts';
import { answerOffer } from './answer.ts';
import { isSdpError, parseSdp } from './parse.ts';
import { printSdp } from './print.ts';
import { newSdpSession } from './session.ts';

const folder = new URL('./devices/', import.meta.url);
const file = (name: string): URL => new URL(name, folder);
const read = (name: string): string => readFileSync(file(name), 'utf8').replaceAll('\n', '\r\n');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.offer.sdp'))
  .map((name) => name.slice(0, -'.offer.sdp'.length));

test('there are samples', () => assert.ok(names.length >= 20));

for (const name of names)
  test(`${name} is ${existsSync(file(`${name}.answer.sdp`)) ? 'answered' : 'refused'}`, () => {
    const result = answerOffer(read(`${name}.offer.sdp`), testMedia, newSdpSession({ sessionId: '1000' }));
    if (isRefusal(result)) {
      const said = `${result.sip} ${result.code} ${result.reason}`;
      return assert.equal(said, read(`${name}.refused.txt`).trim());
    }
    assert.equal(result.sdp, read(`${name}.answer.sdp`));
    const answer = parseSdp(result.sdp);
    assert.ok(!isSdpError(answer));
    assert.deepEqual(answer, result.description);
    assert.equal(printSdp(answer), result.sdp);
  });

test('addresses, packet times and payload types come out of the sample offers', () => {
  const media = (name: string) => {
    const result = answerOffer(read(`${name}.offer.sdp`), testMedia, newSdpSession({ sessionId: '1' }));
    assert.ok(!isRefusal(result));
    return result.media;
  };
  assert.deepEqual(media('cisco-gateway').remote, { host: '198.51.100.21', port: 17_552 });
  assert.equal(media('cisco-gateway').comfortNoisePayloadType, 19);
  assert.deepEqual(media('linphone-avpf').remote, { host: '203.0.113.70', port: 7078 });
  assert.deepEqual(media('linphone-avpf').remoteRtcp, { host: '203.0.113.70', port: 50_135 });
  assert.equal(media('linphone-avpf').dtmfPayloadType, 100);
  assert.deepEqual(media('baresip').remoteRtcp, media('baresip').remote);
  assert.equal(media('sipp-default').dtmfPayloadType, undefined);
  assert.equal(media('trunk-without-rtpmap').ptimeMs, 30);
  assert.equal(media('avaya-music-on-hold').direction, 'recvonly');
  assert.equal(media('avaya-music-on-hold').ptimeMs, 60);
  assert.equal(media('grandstream-g722-16000').clockRate, 8000);
  assert.equal(media('cisco-phone-old-hold').direction, 'inactive');
});
