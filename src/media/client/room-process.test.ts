// A room over real loopback, its members on two worker processes: who hears whom, through the workers' pipe too.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codecByName, sine, toneLevelDbov } from '../../audio/index.ts';
import { every, isRefusal, realClock, realRandom, silentLog, sleep } from '../../base/index.ts';
import { realNetwork } from '../../base/net/index.ts';
import { makeRtpView, readRtp, rtpHeaderBytes, writeRtpHeader } from '../../rtp/index.ts';
import { createMediaPool, type MediaPool, type MediaPort, processWorker } from '../client.ts';

const clock = realClock();
const network = realNetwork({ clock });
const pcmu = codecByName('PCMU')!;
const rate = 8000;

interface Guest {
  port: MediaPort;
  /** The last second. */
  heard(): Int16Array;
  close(): void;
}

/** A far end that sends a tone and keeps what it hears. */
async function enter(pool: MediaPool, group: string, hz: number): Promise<Guest> {
  const socket = await network.udp({ host: '127.0.0.1', port: 0 });
  const payloads: Uint8Array[] = [];
  const view = makeRtpView();
  socket.onMessage = (data) => {
    if (readRtp(data, view)) payloads.push(data.slice(view.payloadStart));
  };
  const port = await pool.open({ callSid: group, group, inactivityMs: 0 });
  const answer = await port.answer(
    `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${socket.local.port} RTP/AVP 0\r\n`,
  );
  assert.ok(!isRefusal(answer));
  port.start();
  const tone = sine({ hz, amplitude: 4000, samples: rate, sampleRate: rate });
  let sent = 0;
  const sending = every(clock, 20, () => {
    const packet = new Uint8Array(rtpHeaderBytes + 160);
    const header = { marker: false, payloadType: 0, sequence: sent & 0xffff, timestamp: sent * 160, ssrc: hz };
    const at = (sent++ * 160) % rate;
    pcmu.makeEncoder().encode(tone.subarray(at, at + 160), packet.subarray(writeRtpHeader(packet, header)));
    socket.send(packet, port.local.port, '127.0.0.1');
  });
  return {
    port,
    heard() {
      const pcm = new Int16Array(rate);
      for (const [i, payload] of payloads.slice(-50).entries()) {
        pcmu.makeDecoder().decode(payload, pcm.subarray(i * 160, (i + 1) * 160));
      }
      return pcm;
    },
    close() {
      sending.cancel();
      socket.close();
    },
  };
}

test('three members on two processes hear the two others, each once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rooms-'));
  const pool = createMediaPool({
    clock,
    random: realRandom(),
    log: silentLog,
    advertise: '127.0.0.1',
    ports: { min: 0, max: 0 },
    workers: 2,
    startWorker: processWorker({
      clock,
      entry: new URL('../../worker.ts', import.meta.url),
      settings: { bindHost: '127.0.0.1', audioDirs: [], recordingsDir: folder },
    }),
  });
  const tones = [440, 700, 1100];
  const room = pool.room({ group: 'r' });
  const guests: Guest[] = [];
  try {
    for (const [i, hz] of tones.entries()) {
      const guest = await enter(pool, `g${i}`, hz);
      guests.push(guest);
      await room.join(guest.port, { muted: false, deaf: false, tag: '', speakOnlyTo: '', distributeDtmf: false });
    }
    assert.ok(pool.workers.every(({ ports }) => ports > 0));
    const missing = (): string[] =>
      guests.flatMap((guest, i) =>
        tones.flatMap((hz, k) => {
          const level = toneLevelDbov(guest.heard(), hz, rate);
          // Stalls of a busy machine cost some of it; oneself is not heard at all.
          const right = i === k ? level < -45 : level > -27 && level < -20;
          return right ? [] : [`${i} hears ${hz} Hz at ${level.toFixed(1)}`];
        }),
      );
    for (let tries = 0; tries < 20 && (tries < 3 || missing().length > 0); tries++) await sleep(clock, 500);
    assert.deepEqual(missing(), []);
    await room.close();
  } finally {
    for (const guest of guests) guest.close();
    await pool.close();
    await network.close();
    await rm(folder, { recursive: true });
  }
});
