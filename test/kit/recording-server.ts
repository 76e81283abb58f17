// A SIPREC recording server, on a simulated host or on this one: takes or refuses sessions, keeps what both streams bring and what the metadata says.
import assert from 'node:assert/strict';
import { codecByName } from '../../src/audio/index.ts';
import { type Clock, type Network, type Random, silentLog, type UdpSocket } from '../../src/base/index.ts';
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

/** Where a recording server lives. */
interface Ground {
  clock: Clock;
  random: Random;
  network: Network;
  host: string;
  port: number;
}

export class RecordingServer {
  readonly uri: string;
  readonly sessions: RecordedSession[] = [];
  /** What an INVITE is answered; 0 is silence. */
  answers = 200;
  readonly #ground: Ground;
  readonly #sip: SipStack;
  readonly #sockets: UdpSocket[] = [];

  static open({ clock, random, net }: Stage, host: string): Promise<RecordingServer> {
    return RecordingServer.at({ clock, random, network: net.host(host), host, port: 5060 });
  }

  static async at(ground: Ground): Promise<RecordingServer> {
    const { host, port } = ground;
    const sip = createSipStack({
      ...ground,
      log: silentLog,
      bind: { host, port },
      userAgent: 'recorder',
      supported: ['siprec'],
    });
    await sip.start();
    return new RecordingServer(ground, sip);
  }

  private constructor(ground: Ground, sip: SipStack) {
    this.#ground = ground;
    this.#sip = sip;
    this.uri = `sip:recorder@${ground.host}:${sip.udp.port}`;
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
    const socket = await this.#ground.network.udp({ host: this.#ground.host, port: 0 });
    this.#sockets.push(socket);
    const view = makeRtpView();
    socket.onMessage = (data) => {
      if (!readRtp(data, view) || (view.payloadType !== 0 && view.payloadType !== 8)) return;
      const decoder = codecByName(view.payloadType === 0 ? 'PCMU' : 'PCMA')!.makeDecoder();
      const pcm = new Int16Array(view.payloadEnd - view.payloadStart);
      decoder.decode(data.subarray(view.payloadStart, view.payloadEnd), pcm);
      into.push({ at: this.#ground.clock.now(), sequence: view.sequence, pcm });
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
    const head = ['v=0', `o=recorder 1 1 IN IP4 ${this.#ground.host}`, 's=-', `c=IN IP4 ${this.#ground.host}`, 't=0 0'];
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
