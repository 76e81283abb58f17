// A SIPREC recording server on a simulated host: takes or refuses sessions, keeps what both streams bring and what the metadata says.
import assert from 'node:assert/strict';
import { codecByName } from '../../src/audio/index.ts';
import { silentLog, type UdpSocket } from '../../src/base/index.ts';
import type { Stage } from '../../src/rehearsal/stage.ts';
import { makeRtpView, readRtp } from '../../src/rtp/index.ts';
import {
  createSipStack,
  type Dialog,
  type IncomingInvite,
  type SipRequest,
  type SipStack,
} from '../../src/sip/index.ts';

interface StreamPacket {
  at: number;
  sequence: number;
  pcm: Int16Array;
}

export interface RecordedSession {
  invite: SipRequest;
  sdp: string;
  metadata: string;
  dialog: Dialog | undefined;
  /** By label order: what the caller says, what it hears. */
  streams: [StreamPacket[], StreamPacket[]];
  /** Directions of later offers, with the metadata beside them. */
  updates: { direction: string; metadata: string }[];
  ended: boolean;
}

export class RecordingServer {
  readonly uri: string;
  readonly sessions: RecordedSession[] = [];
  /** What an INVITE is answered; 0 is silence. */
  answers = 200;
  readonly #stage: Stage;
  readonly #host: string;
  readonly #sip: SipStack;
  readonly #sockets: UdpSocket[] = [];

  static async open(stage: Stage, host: string): Promise<RecordingServer> {
    const sip = createSipStack({
      clock: stage.clock,
      random: stage.random,
      network: stage.net.host(host),
      log: silentLog,
      bind: { host, port: 5060 },
      userAgent: 'recorder',
      supported: ['siprec'],
    });
    await sip.start();
    return new RecordingServer(stage, host, sip);
  }

  private constructor(stage: Stage, host: string, sip: SipStack) {
    this.#stage = stage;
    this.#host = host;
    this.#sip = sip;
    this.uri = `sip:recorder@${host}:5060`;
    sip.onInvite = (invite) => void this.#take(invite);
  }

  /** Samples of one stream that came between two times. */
  heard(session: RecordedSession, stream: 0 | 1, from: number, to: number): Int16Array {
    const packets = session.streams[stream].filter(({ at }) => at >= from && at < to);
    return Int16Array.from(packets.flatMap(({ pcm }) => [...pcm]));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.#sip.close();
  }

  async #take(invite: IncomingInvite): Promise<void> {
    if (this.answers === 0) return;
    if (this.answers !== 200) return invite.reject(this.answers);
    const { sdp, metadata } = partsOf(invite.request);
    const session: RecordedSession = {
      invite: invite.request,
      sdp,
      metadata,
      dialog: undefined,
      streams: [[], []],
      updates: [],
      ended: false,
    };
    const ports = [await this.#listen(session.streams[0]), await this.#listen(session.streams[1])];
    const dialog = invite.accept({ body: this.#answer(sdp, ports) });
    session.dialog = dialog;
    this.sessions.push(session);
    dialog.onEnd = () => {
      session.ended = true;
    };
    dialog.onReinvite = (reinvite) => {
      const parts = partsOf(reinvite.request);
      session.updates.push({ direction: /a=(sendonly|inactive)/.exec(parts.sdp)?.[1] ?? '', metadata: parts.metadata });
      reinvite.accept({ body: this.#answer(parts.sdp, ports) });
    };
  }

  async #listen(into: StreamPacket[]): Promise<number> {
    const socket = await this.#stage.net.host(this.#host).udp({ host: this.#host, port: 0 });
    this.#sockets.push(socket);
    const view = makeRtpView();
    socket.onMessage = (data) => {
      if (!readRtp(data, view) || (view.payloadType !== 0 && view.payloadType !== 8)) return;
      const decoder = codecByName(view.payloadType === 0 ? 'PCMU' : 'PCMA')!.makeDecoder();
      const pcm = new Int16Array(view.payloadEnd - view.payloadStart);
      decoder.decode(data.subarray(view.payloadStart, view.payloadEnd), pcm);
      into.push({ at: this.#stage.clock.now(), sequence: view.sequence, pcm });
    };
    return socket.local.port;
  }

  #answer(offer: string, ports: readonly number[]): { contentType: string; content: string } {
    const direction = /a=inactive/.test(offer) ? 'inactive' : 'recvonly';
    const stream = (port: number | undefined, label: number): string[] => [
      `m=audio ${port} RTP/AVP 0`,
      'a=rtpmap:0 PCMU/8000',
      `a=label:${label}`,
      `a=${direction}`,
    ];
    const head = ['v=0', `o=recorder 1 1 IN IP4 ${this.#host}`, 's=-', `c=IN IP4 ${this.#host}`, 't=0 0'];
    const content = [...head, ...stream(ports[0], 1), ...stream(ports[1], 2), ''].join('\r\n');
    return { contentType: 'application/sdp', content };
  }
}

/** Both parts of a multipart body, read by their own boundary. */
function partsOf(request: SipRequest): { sdp: string; metadata: string } {
  const boundary = /boundary="?([^";]+)/.exec(request.header('Content-Type') ?? '')?.[1];
  assert.ok(boundary, `no multipart body: ${request.header('Content-Type')}`);
  const parts = Buffer.from(request.body).toString('utf8').split(`--${boundary}`);
  assert.equal(parts.at(-1)?.trim(), '--');
  const part = (type: string): string => {
    const found = parts.find((one) => one.toLowerCase().includes(`content-type: ${type}`));
    assert.ok(found, `no part ${type}`);
    return found.slice(found.indexOf('\r\n\r\n') + 4).replace(/\r\n$/, '');
  };
  return { sdp: part('application/sdp'), metadata: part('application/rs-metadata+xml') };
}
