// A customer's recognition server on a SimNet: keeps what it is sent, and says what the test tells it to.

import type { SimWsPeer, SimWsServer } from '../../src/base/sim/index.ts';
import type { Stage } from '../../src/rehearsal/stage.ts';
import type { Scene } from './scene.ts';

export interface SttServer {
  server: SimWsServer;
  /** The `start` message of every connection. */
  starts: Record<string, unknown>[];
  peers: SimWsPeer[];
  /** Bytes of audio that came. */
  audioBytes(): number;
  stops(): number;
  /** To the newest connection. */
  say(transcript: string, more?: { final?: boolean; confidence?: number }): void;
  fail(error: string): void;
}

export function sttServer(stage: Stage, url: string): SttServer {
  const starts: Record<string, unknown>[] = [];
  const peers: SimWsPeer[] = [];
  let bytes = 0;
  let stops = 0;
  const server = stage.net.serveWs(url, (peer) => {
    peers.push(peer);
    peer.onMessage = (data) => {
      if (typeof data !== 'string') {
        bytes += data.length;
        return;
      }
      const message = JSON.parse(data) as Record<string, unknown>;
      if (message.type === 'start') starts.push(message);
      if (message.type !== 'stop') return;
      stops++;
      peer.close(1000);
    };
  });
  const send = (message: unknown): void => peers.at(-1)?.send(JSON.stringify(message));
  return {
    server,
    starts,
    peers,
    audioBytes: () => bytes,
    stops: () => stops,
    say: (transcript, { final = true, confidence = 0.9 } = {}) =>
      send({ type: 'transcription', is_final: final, alternatives: [{ transcript, confidence }], language: 'en-US' }),
    fail: (error) => send({ type: 'error', error }),
  };
}

let credentials = 0;

/** A speech credential of the stage's account: `custom:<name>` listens there. */
export async function sttCredential(
  { stage }: Pick<Scene, 'stage'>,
  name: string,
  url: string,
  more: { label?: string; use?: boolean } = {},
): Promise<void> {
  await stage.records.speechCredentials.insert({
    speech_credential_sid: `11111111-1111-4111-8111-${String(++credentials).padStart(12, '0')}`,
    service_provider_sid: stage.account.service_provider_sid,
    account_sid: stage.account.account_sid,
    vendor: `custom:${name}`,
    label: more.label ?? null,
    use_for_tts: false,
    use_for_stt: more.use ?? true,
    credential: { custom_stt_url: url, auth_token: `token of ${name}` },
    created_at: '2026-03-01T08:00:00.000Z',
    last_used: null,
  });
}
