// A recording server of a rehearsal (SIPREC, RFC 7866): takes what it is sent, or turns it away, and says goodbye when it likes.
import { silentLog, type UdpSocket } from '../base/index.ts';
import { createSipStack, type Dialog, type IncomingInvite, type SipStack } from '../sip/index.ts';
import type { Stage } from './stage.ts';

export class Recorder {
  readonly uri: string;
  /** What an INVITE is answered; 0 is silence. */
  answers = 200;
  /** RTP packets that came. */
  packets = 0;
  readonly #host: string;
  readonly #sip: SipStack;
  readonly #socket: UdpSocket;
  readonly #dialogs = new Set<Dialog>();

  static async open(stage: Stage, host: string): Promise<Recorder> {
    const network = stage.net.host(host);
    const sip = createSipStack({
      clock: stage.clock,
      random: stage.random,
      network,
      log: silentLog,
      bind: { host, port: 5060 },
      userAgent: 'recorder',
      supported: ['siprec'],
    });
    await sip.start();
    const recorder = new Recorder(host, sip, await network.udp({ host, port: 0 }));
    stage.alsoClose(() => recorder.#close());
    return recorder;
  }

  private constructor(host: string, sip: SipStack, socket: UdpSocket) {
    this.#host = host;
    this.#sip = sip;
    this.#socket = socket;
    this.uri = `sip:recorder@${host}:5060`;
    socket.onMessage = () => this.packets++;
    sip.onInvite = (invite) => this.#take(invite);
  }

  /** Sessions under way. */
  get sessions(): number {
    return this.#dialogs.size;
  }

  /** Ends what it records. */
  hangUp(): void {
    for (const dialog of this.#dialogs) void dialog.bye();
  }

  #take(invite: IncomingInvite): void {
    if (this.answers === 0) return;
    if (this.answers !== 200) return invite.reject(this.answers);
    const dialog = invite.accept({ body: this.#answer(offerOf(invite.request.body)) });
    this.#dialogs.add(dialog);
    dialog.onReinvite = (reinvite) => reinvite.accept({ body: this.#answer(offerOf(reinvite.request.body)) });
    dialog.onEnd = () => void this.#dialogs.delete(dialog);
  }

  /** Every stream of the offer, received at one port. */
  #answer(offer: string): { contentType: string; content: string } {
    const direction = /a=inactive/.test(offer) ? 'inactive' : 'recvonly';
    const labels = [...offer.matchAll(/^a=label:(\S+)/gm)].map(([, label]) => label);
    const streams = labels.flatMap((label) => [
      `m=audio ${this.#socket.local.port} RTP/AVP 0`,
      'a=rtpmap:0 PCMU/8000',
      `a=label:${label}`,
      `a=${direction}`,
    ]);
    const head = ['v=0', `o=recorder 1 1 IN IP4 ${this.#host}`, 's=-', `c=IN IP4 ${this.#host}`, 't=0 0'];
    return { contentType: 'application/sdp', content: [...head, ...streams, ''].join('\r\n') };
  }

  async #close(): Promise<void> {
    this.#socket.close();
    await this.#sip.close();
  }
}

/** The description in a multipart body, or in one that holds nothing else. */
const offerOf = (body: Uint8Array): string =>
  /v=0\r\n[\s\S]*?(?=\r\n--|$)/.exec(Buffer.from(body).toString('utf8'))?.[0] ?? '';
