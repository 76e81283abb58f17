// Pipe: two ports of our own that send to each other over loopback, one on each of two workers. Who joins a leg to `near` hears, and is
// heard by, whoever is joined to `far`. For bridges and rooms whose legs live on different workers.
import { isRefusal } from '../../base/index.ts';
import type { PortClient } from './port.ts';
import type { Worker } from './worker-slot.ts';

export interface PipeOptions {
  /** The leg's worker and codec: packets go through as they come. */
  leg: { worker: Worker; port: PortClient };
  /** The worker on the other side. */
  to: Worker;
  /** Opens a port for this, on this worker. */
  open(worker: Worker, media: { callSid: string; ptimeMs: number }): Promise<PortClient>;
}

export class Pipe {
  /** On the leg's worker. */
  readonly near: PortClient;
  readonly far: PortClient;
  /** It cannot be kept up: a worker was lost for good. */
  onBroken: () => void = () => {};
  readonly #codec: string | undefined;
  #agreeing: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(near: PortClient, far: PortClient, codec: string | undefined) {
    this.near = near;
    this.far = far;
    this.#codec = codec;
    for (const port of [near, far]) port.onWorkerLoss = (outcome) => this.#lost(outcome);
  }

  /** Rejects with the Fault of a port that cannot be opened. */
  static async open({ leg, to, open }: PipeOptions): Promise<Pipe> {
    const { codec, ptimeMs = 20 } = leg.port.negotiated ?? {};
    const media = { callSid: leg.port.callSid, ptimeMs };
    const near = await open(leg.worker, media);
    let far: PortClient | undefined;
    try {
      far = await open(to, media);
      const pipe = new Pipe(near, far, codec);
      await pipe.#agree();
      return pipe;
    } catch (error) {
      await Promise.all([near.close(), far?.close()]);
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([this.near.close(), this.far.close()]);
  }

  async #agree(): Promise<void> {
    const codecs = this.#codec === undefined ? {} : { codecs: { names: [this.#codec], alone: true } };
    const answer = await this.far.answer(this.near.offer(codecs));
    if (isRefusal(answer)) throw new Error(`a pipe's ends do not agree: ${answer.reason}`);
    const accepted = await this.near.accept(answer.sdp);
    if (isRefusal(accepted)) throw new Error(`a pipe's ends do not agree: ${accepted.reason}`);
    this.far.start();
  }

  /** A port that has moved must be told of. */
  #lost(outcome: 'restored' | 'moved' | 'lost'): void {
    if (this.#closed || outcome === 'restored') return;
    const broken = (): void => {
      if (!this.#closed) this.onBroken();
    };
    if (outcome === 'lost') return broken();
    this.#agreeing = this.#agreeing.then(() => this.#agree()).catch(broken);
  }
}
