// What the tests of SDP offer and answer with.
import type { LocalMedia } from '../../src/sdp/index.ts';

export const testMedia: LocalMedia = {
  address: '192.0.2.1',
  port: 4000,
  codecs: [
    { name: 'PCMU', clockRate: 8000, payloadType: 0 },
    { name: 'PCMA', clockRate: 8000, payloadType: 8 },
    { name: 'G722', clockRate: 8000, payloadType: 9 },
  ],
  dtmf: true,
  comfortNoise: true,
  rtcpMux: true,
};
