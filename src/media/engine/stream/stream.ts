// Stream: a port's audio on its way to a WebSocket server, and what comes back from there (verbs.md 8.2).
import { Fault, isObject } from '../../../base/index.ts';
import type { StreamOrder } from '../../channel.ts';
import { streamBytesPerCost, streamCostBurst, streamCostPerSecond } from '../../limits.ts';
import type { StreamEnd, StreamEvent, TapState } from '../../tap-types.ts';
import type { Ear } from '../ear.ts';
import type { Mouth } from '../mouth.ts';
import { Tap } from '../tap/tap.ts';
import type { EngineWorld } from '../world.ts';
import type { Back } from './back.ts';
import { FramedBack } from './framed-back.ts';
import { readMessage } from './message.ts';
import { StreamedBack } from './streamed-back.ts';
import { Uplink } from './uplink.ts';

export interface StreamParts {
  world: EngineWorld;
  ear: Pick<Ear, 'listen'>;
  mouth: Pick<Mouth, 'listen' | 'mixIn'>;
  order: StreamOrder;
  onEvent(event: StreamEvent): void;
  /** Once, unless it was closed first. */
  onEnd(end: StreamEnd): void;
}

/** Trouble told of one stream: what a server does wrong, it does again and again. */
const mostTrouble = 20;

export class Stream {
  readonly #parts: StreamParts;
  readonly #tap: Tap;
  readonly #uplink: Uplink;
  readonly #back: Back | undefined;
  readonly #mute: (() => void) | undefined;
  readonly #bytesPerMs: number;
  /** The tap's audio as bytes, of which there is mostly one for ever. */
  #bytes: Uint8Array = new Uint8Array(0);
  #sentBytes = 0;
  #troubles = 0;
  #spent = 0;
  #spentAt = 0;
  #over = false;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    const { world, ear, mouth, order } = parts;
    const { options } = order;
    this.#bytesPerMs = (options.sampleRate * 2 * (options.mix === 'stereo' ? 2 : 1)) / 1000;
    this.#back = this.#makeBack();
    this.#mute = this.#back && mouth.mixIn(this.#back);
    this.#uplink = new Uplink({
      world,
      options,
      regain: order.regain,
      bytesPerMs: this.#bytesPerMs,
      onOpen: () => parts.onEvent({ type: 'open' }),
      onMessage: (data) => this.#heard(data),
      onRegaining: (attempt, fault) => parts.onEvent({ type: 'reconnecting', attempt, fault }),
      onEnd: (reason, fault) => this.#end(reason, fault && { fault }),
    });
    const { mix, sampleRate } = options;
    this.#tap = new Tap({
      ear,
      mouth,
      mix,
      sampleRate,
      state: order.state,
      onAudio: (pcm) => this.#send(pcm),
      onFault: (cause) =>
        this.#end('failed', { fault: new Fault('stream-failed', 'a bug ended the stream', { cause }) }),
    });
  }

  setState(state: TapState): void {
    this.#tap.state = state;
  }

  tell(message: Record<string, unknown>): void {
    this.#uplink.tell(message);
  }

  get sentMs(): number {
    return Math.round(this.#sentBytes / this.#bytesPerMs);
  }

  /** Ends it and tells so. */
  stop(): void {
    this.#end('stopped');
  }

  /** Ends it, unheard. */
  close(code = 1000): void {
    if (this.#over) return;
    this.#over = true;
    this.#tap.close();
    this.#mute?.();
    this.#back?.close();
    this.#uplink.close(code);
  }

  describe(): string {
    const { options } = this.#parts.order;
    return `${this.#tap.state} ${options.mix} ${options.sampleRate} back ${options.back}${this.#uplink.open ? '' : ' not open'}`;
  }

  #makeBack(): Back | undefined {
    const { world, order, onEvent } = this.#parts;
    const { back, backSampleRate } = order.options;
    const onMark = (name: string, event: string): void => this.tell({ type: 'mark', data: { name, event } });
    if (back === 'none') return undefined;
    const onRefused = (reason: string): void => this.#trouble(reason);
    if (back === 'streaming') return new StreamedBack({ sourceRate: backSampleRate, onMark, onRefused });
    return new FramedBack({
      world,
      onMark,
      onPlayed: ({ id, ...figures }) => {
        this.tell({ type: 'playDone', data: { ...(id !== undefined && { id }), ...figures } });
        onEvent({ type: 'played', id });
      },
      onRefused,
    });
  }

  #send(pcm: Int16Array): void {
    if (
      this.#bytes.buffer !== pcm.buffer ||
      this.#bytes.length !== pcm.byteLength ||
      this.#bytes.byteOffset !== pcm.byteOffset
    )
      this.#bytes = new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
    this.#sentBytes += pcm.byteLength;
    this.#uplink.send(this.#bytes);
  }

  #heard(data: string | Uint8Array): void {
    if (this.#over) return;
    if (!this.#affordable(data.length)) {
      const fault = new Fault('stream-flood', 'the server sends more than can be heard');
      return this.#end('failed', { fault, code: 1008 });
    }
    if (typeof data !== 'string') return this.#back?.audio(data);
    const message = readMessage(data);
    if (!message) return this.#trouble('a text frame is no JSON object');
    const { type } = message;
    const body = message.data;
    switch (type) {
      case 'playAudio':
        if (!this.#back) return this.#trouble('playAudio: bidirectional audio is off');
        return this.#back.play(body);
      case 'killAudio':
        return this.#back?.kill();
      case 'mark':
        if (isObject(body) && typeof body.name === 'string') this.#back?.mark(body.name);
        return;
      case 'clearMarks':
        return this.#back?.clearMarks();
      case 'disconnect':
        return this.#end('disconnect');
      default:
        this.#trouble(`unknown message ${String(type).slice(0, 40)}`);
    }
  }

  /** A server must not take the worker from other legs. */
  #affordable(bytes: number): boolean {
    const now = this.#parts.world.clock.now();
    const gained = ((now - this.#spentAt) * streamCostPerSecond) / 1000;
    this.#spent = Math.max(0, this.#spent - gained) + 1 + bytes / streamBytesPerCost;
    this.#spentAt = now;
    return this.#spent <= streamCostBurst;
  }

  #trouble(what: string): void {
    if (++this.#troubles <= mostTrouble) this.#parts.onEvent({ type: 'trouble', what });
  }

  #end(reason: StreamEnd['reason'], { fault, code = 1000 }: { fault?: Fault; code?: number } = {}): void {
    if (this.#over) return;
    const { sentMs } = this;
    const { droppedMs } = this.#uplink;
    this.close(code);
    this.#parts.onEnd({ reason, sentMs, droppedMs, ...(fault && { fault }) });
  }
}
