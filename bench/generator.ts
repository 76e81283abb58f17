// The load generator's process: does what its parent asks, one thing at a time, and reports what it saw.
import { CallLoad, type Order, type Tally } from './load/calls.ts';
import { RtpLoad, type Window } from './load/rtp.ts';

/** What the parent may ask, and what is answered. */
export interface Asks {
  start: { ask: { server: string; user: string; sendRtp: boolean }; answer: null };
  place: { ask: Order; answer: Tally };
  hangup: { ask: { perSecond: number }; answer: Tally };
  up: { ask: null; answer: string[] };
  /** The SIP port on which calls come in; they are answered at once. */
  sipPort: { ask: null; answer: number };
  openWindow: { ask: null; answer: null };
  closeWindow: { ask: null; answer: Window };
  /** The monotonic time, in ms, at which the next changed packet came. `watching` is told at once. */
  change: { ask: { id: string }; answer: number };
}

let rtp = new RtpLoad();
let calls: CallLoad | undefined;

/** Monotonic ms, the same in every process of the machine. */
const monotonic = (performanceNow: number): number =>
  Number(process.hrtime.bigint()) / 1e6 - (performance.now() - performanceNow);

const known = (): CallLoad => {
  if (!calls) throw new Error('not started');
  return calls;
};

const handlers: { [N in keyof Asks]: (ask: Asks[N]['ask']) => Promise<Asks[N]['answer']> | Asks[N]['answer'] } = {
  async start({ server, user, sendRtp }) {
    rtp = new RtpLoad();
    rtp.sending = sendRtp;
    calls = new CallLoad(rtp, { server, user });
    await calls.open(await rtp.open());
    return null;
  },
  async place(order) {
    await known().place(order);
    return known().takeTally();
  },
  async hangup({ perSecond }) {
    await known().hangup(perSecond);
    return known().takeTally();
  },
  up: () => known().up(),
  sipPort: () => known().sipPort,
  openWindow() {
    rtp.openWindow();
    return null;
  },
  closeWindow: () => rtp.closeWindow(),
  async change({ id }) {
    return monotonic(await known().change(id));
  },
};

process.on('message', ({ id, name, ask }: { id: number; name: keyof Asks; ask: never }) => {
  Promise.resolve()
    .then(() => handlers[name](ask))
    .then(
      (answer) => process.send?.({ id, answer }),
      (error: unknown) => process.send?.({ id, error: String(error) }),
    );
});
process.on('disconnect', () => process.exit(0));
