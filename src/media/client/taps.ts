// What listens at a port, as its owner sees it: recognitions, recordings and streams together.
import type { Answer, Ask, AskName, NoticeName, Notices, PortState } from '../channel.ts';
import { RecognitionClients } from './recognition.ts';
import { RecordingClients } from './recording.ts';
import { StreamClients } from './stream.ts';

export interface TapHost {
  port: string;
  now(): number;
  ask<N extends AskName>(name: N, body: Ask<N>): Promise<Answer<N>>;
}

export class TapClients {
  readonly recognitions: RecognitionClients;
  readonly recordings: RecordingClients;
  readonly streams: StreamClients;

  constructor(host: TapHost) {
    this.recognitions = new RecognitionClients(host);
    this.recordings = new RecordingClients(host);
    this.streams = new StreamClients(host);
  }

  /** What a new worker must be told. */
  get orders(): Pick<PortState, 'recognitions' | 'recordings' | 'streams'> {
    const { recognitions, recordings, streams } = this;
    return { recognitions: recognitions.orders, recordings: recordings.orders, streams: streams.orders };
  }

  /** False when it is nobody's here. */
  notice<N extends NoticeName>(name: N, body: Notices[N]): boolean {
    if (name === 'stream') this.streams.heard(body as Notices['stream']);
    else if (name === 'streamEnded') this.streams.finished(body as Notices['streamEnded']);
    else if (name === 'recognition') this.recognitions.heard(body as Notices['recognition']);
    else if (name === 'recognized') this.recognitions.finished(body as Notices['recognized']);
    else if (name === 'recorded') this.recordings.finished(body as Notices['recorded']);
    else return false;
    return true;
  }

  workerLost(): void {
    this.recognitions.workerLost();
    this.streams.workerLost();
  }

  /** The port is gone. */
  abandon(): void {
    this.recognitions.abandon();
    this.recordings.abandon();
    this.streams.abandon();
  }
}
