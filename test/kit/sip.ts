// For tests: stacks on a simulated network and a virtual clock, all from one seed.
import { silentLog } from '../../src/base/index.ts';
import { type SeededRandom, type SimHost, SimNet, seededRandom, VirtualClock } from '../../src/base/sim/index.ts';
import {
  createSipStack,
  type IncomingInvite,
  type MessageBody,
  type SipStack,
  type SipStackOptions,
  type SipTrace,
} from '../../src/sip/index.ts';

export const sdp = (text = 'v=0'): MessageBody => ({ contentType: 'application/sdp', content: `${text}\r\n` });

export interface RigStack extends SipStack {
  readonly host: SimHost;
  /** What it sent and received, as `> INVITE`, `< 200 INVITE`, in order; with a trailing `*` for repeats. */
  readonly log: string[];
  readonly traces: SipTrace[];
  readonly invites: IncomingInvite[];
  uri(user: string, suffix?: string): string;
}

export class SipRig {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly net: SimNet;
  readonly stacks: RigStack[] = [];

  constructor(seed = 1) {
    this.random = seededRandom(seed);
    this.net = new SimNet({ clock: this.clock, random: this.random.fork('net') });
  }

  async stack(ip: string, options: Partial<SipStackOptions> = {}): Promise<RigStack> {
    const host = this.net.host(ip);
    const inner = createSipStack({
      clock: this.clock,
      random: this.random.fork(ip),
      network: host,
      log: silentLog,
      bind: { host: ip, port: 5060 },
      userAgent: 'crosspoint-test',
      ...options,
    });
    await this.clock.settle(inner.start());
    const log: string[] = [];
    const traces: SipTrace[] = [];
    const invites: IncomingInvite[] = [];
    inner.onTrace = (trace) => {
      log.push(traceLine(trace));
      traces.push(trace);
    };
    inner.onInvite = (invite) => void invites.push(invite);
    const uri = (user: string, suffix = ''): string => `sip:${user}@${ip}:${inner.udp.port}${suffix}`;
    const stack = Object.assign(inner, { host, log, traces, invites, uri });
    this.stacks.push(stack);
    return stack;
  }

  /** Runs all timers out. */
  async end(): Promise<void> {
    await this.clock.runUntilIdle();
  }

  /** Closes the stacks; what is still open then is a leak. */
  async close(): Promise<void> {
    for (const stack of this.stacks) await this.clock.settle(stack.close());
  }
}

function traceLine({ direction, message, retransmission }: SipTrace): string {
  const what = message.kind === 'request' ? message.method : `${message.status} ${message.cseq.method}`;
  return `${direction === 'in' ? '<' : '>'} ${what}${retransmission ? '*' : ''}`;
}
