// Control: a port's RTCP, and the watch over a far end from which nothing comes at all.
import type { Address, Clock } from '../../base/index.ts';
import type { AgreedMedia } from '../../sdp/index.ts';
import type { Output } from './output.ts';
import type { Reports } from './reports.ts';
import type { SilenceWatch } from './silence-watch.ts';
import type { PortSockets } from './sockets.ts';

export interface ControlParts {
  clock: Clock;
  sockets: PortSockets;
  output: Output;
  reports: Reports;
  silence: SilenceWatch;
}

/** All our codecs have this RTP clock (RFC 3551; G.722 too), units a millisecond. */
const unitsPerMs = 8;

export class Control {
  readonly #parts: ControlParts;
  #direction: AgreedMedia['direction'] | undefined;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  get muxed(): boolean {
    return this.#parts.reports.muxed;
  }

  configure(media: AgreedMedia, now: number): void {
    // Silence of the hold before is no silence of the talk after it.
    if (this.#direction !== media.direction) this.begin(now);
    this.#direction = media.direction;
    this.#parts.reports.configure(media, now);
  }

  /** Something is expected from now on. */
  begin(now: number): void {
    this.#parts.silence.restart(now);
  }

  received(data: Uint8Array, from: Address): void {
    const { clock, reports, silence } = this.#parts;
    const now = clock.now();
    if (reports.push(data, from, now)) silence.reported(now);
  }

  /** Now and then. `heardAt`: the far end's last packet; `active`: we have begun, and the media goes through us. */
  housekeep(now: number, { active, heardAt }: { active: boolean; heardAt: number }): void {
    const { reports, silence } = this.#parts;
    if (active && reports.isDue(now)) this.#report(now, false);
    const watching = active && this.#direction !== undefined;
    silence.look(now, { watching, onHold: this.#direction !== 'sendrecv', heardAt });
  }

  goodbye(now: number): void {
    this.#report(now, true);
  }

  #report(now: number, bye: boolean): void {
    const { reports, output, sockets } = this.#parts;
    const target = reports.target;
    if (!target) return;
    const ahead = (output.dueAt - now) * unitsPerMs;
    const packet = reports.next(now, Math.round(output.timestamp - ahead), bye);
    const socket = reports.muxed ? sockets.rtp : sockets.rtcp;
    socket.send(packet, target.port, target.host);
  }
}
