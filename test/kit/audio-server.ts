// A server of the audio WebSocket protocol for tests, on the simulated network: what it was told and what it heard, connection by connection.
import type { SimNet, SimWsPeer, SimWsServer } from '../../src/base/sim/index.ts';

export type Json = Record<string, unknown>;

export interface AudioConnection {
  readonly peer: SimWsPeer;
  /** The first text frame. */
  hello: Json;
  /** The text frames after it. */
  readonly texts: Json[];
  /** Binary frames with their times. */
  readonly frames: { at: number; bytes: Uint8Array }[];
  /** Code with which it ended. */
  closed: number | undefined;
  send(message: Json): void;
  play(pcm: Int16Array): void;
  /** One channel of what was heard between two times. */
  pcm(options?: { channel?: number; channels?: number; from?: number; to?: number }): Int16Array;
}

export interface AudioServer {
  readonly ws: SimWsServer;
  readonly connections: AudioConnection[];
  /** The newest. */
  readonly last: AudioConnection;
}

export function serveAudio(net: SimNet, url: string): AudioServer {
  const connections: AudioConnection[] = [];
  const ws = net.serveWs(url, (peer) => connections.push(connect(net, peer)));
  return {
    ws,
    connections,
    get last() {
      return connections.at(-1)!;
    },
  };
}

function connect(net: SimNet, peer: SimWsPeer): AudioConnection {
  let greeted = false;
  const connection: AudioConnection = {
    peer,
    hello: {},
    texts: [],
    frames: [],
    closed: undefined,
    send: (message) => peer.send(JSON.stringify(message)),
    play: (pcm) => peer.send(new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength)),
    pcm: ({ channel = 0, channels = 1, from = 0, to = Number.POSITIVE_INFINITY } = {}) => {
      const all = Buffer.concat(connection.frames.filter(({ at }) => at >= from && at < to).map(({ bytes }) => bytes));
      const samples = Math.floor(all.length / 2 / channels);
      return Int16Array.from({ length: samples }, (_, i) => all.readInt16LE(2 * (i * channels + channel)));
    },
  };
  peer.onMessage = (data) => {
    if (typeof data !== 'string') connection.frames.push({ at: net.clock.now(), bytes: data });
    else if (greeted) connection.texts.push(JSON.parse(data) as Json);
    else {
      greeted = true;
      connection.hello = JSON.parse(data) as Json;
    }
  };
  peer.onClose = (code) => {
    connection.closed = code;
  };
  return connection;
}
