// Streaming: a leg's audio to a WebSocket server, for listen, for what a dial or conference nests, and for config's background.
import type { Payload } from '../../apps/index.ts';
import { isRefusal, type Refusal, refuse, type Scope } from '../../base/index.ts';
import type { MediaStream, StreamEnd, StreamOptions, TapState } from '../../media/client.ts';
import type { Call } from '../call.ts';
import { withoutSecrets } from './playing.ts';

/** Options of listen and stream that say where and how to stream (verbs.md 8.1). */
export interface StreamInput {
  url: string;
  wsAuth?: { username?: string; password?: string };
  mixType?: 'mono' | 'mixed' | 'stereo';
  sampleRate?: number;
  metadata?: Record<string, unknown>;
  passDtmf?: boolean;
  bidirectionalAudio?: { enabled?: boolean; streaming?: boolean; sampleRate?: number };
  disableBidirectionalAudio?: boolean;
}

export interface StreamExtra {
  /** The stream ends with it. */
  scope: Scope;
  /** Whose application a relative url means, and whose listen_status it obeys; the streamed call itself when absent. */
  session?: Call;
  /** Whose call information the first frame carries; the streamed call's when absent. */
  about?: Call;
  /** config's: listen_status does not reach it (live-call-control.md 2.3). */
  background?: boolean;
  /** Streams something else than the call's leg: its conference. */
  open?: (options: StreamOptions) => MediaStream;
}

export interface OpenStream {
  /** Never rejects; failures have been noted and alerted. */
  readonly done: Promise<StreamEnd>;
  setState(state: TapState): Promise<{ at: number }>;
  stop(): void;
}

export const streamRates: readonly number[] = [8_000, 16_000, 24_000, 32_000, 48_000, 64_000];
const defaultRate = 8_000;
/** Of audio that comes back: what telephony and voices use. */
const leastBackRate = 8_000;
const mostBackRate = 64_000;
/** Timestamp units of a telephone event (RFC 4733) in a ms. */
const dtmfUnits = 8;

/** What no schema says of the options; the path is relative to them. */
export function streamRefusal(input: StreamInput): Refusal | undefined {
  const bad = (path: string, reason: string): Refusal => refuse('verb-option', reason, { path });
  const { url, sampleRate, wsAuth, bidirectionalAudio } = input;
  const absolute = /^(wss?|https?):\/\//i.test(url);
  if (absolute ? !URL.canParse(url) : !url.startsWith('/'))
    return bad('url', 'must be a ws:// or wss:// address, or a path on the application');
  if (sampleRate !== undefined && !streamRates.includes(sampleRate))
    return bad('sampleRate', `must be one of ${streamRates.join(', ')}`);
  if (wsAuth && !(wsAuth.username && wsAuth.password)) return bad('wsAuth', 'must have username and password');
  const back = bidirectionalAudio?.sampleRate;
  if (back !== undefined && !(Number.isInteger(back) && back >= leastBackRate && back <= mostBackRate))
    return bad('bidirectionalAudio.sampleRate', `must be ${leastBackRate} to ${mostBackRate}`);
  return undefined;
}

/** Begins to stream what `call`'s far end says (and hears). A Refusal says why not. */
export function openStream(call: Call, input: StreamInput, extra: StreamExtra): OpenStream | Refusal {
  const { scope, session = call, about = call, background = false, open } = extra;
  const { port } = call.leg;
  if (!port || call.leg.ended) return refuse('no-media', 'the call has no audio');
  const options = streamOptions(about, session, input);
  if (isRefusal(options)) return options;
  const stream = open ? open(options) : port.stream(options);
  const undo = [scope.defer(() => stream.stop())];
  if (!background) undo.push(session.parts.put('stream', stream, scope));
  if (input.passDtmf) undo.push(passDigits(call, stream, scope));
  note(call, stream, options.url);
  void stream.done.then(() => {
    for (const end of undo) end();
  });
  return { done: stream.done, setState: (state) => stream.setState(state), stop: () => stream.stop() };
}

function passDigits(call: Call, stream: MediaStream, scope: Scope): () => void {
  const end = call.digits.listen((digit, durationMs) =>
    stream.tell({ event: 'dtmf', dtmf: digit, duration: Math.round(durationMs * dtmfUnits) }),
  );
  const forget = scope.defer(end);
  return () => {
    forget();
    end();
  };
}

function streamOptions(about: Call, session: Call, input: StreamInput): StreamOptions | Refusal {
  const { mixType: mix = 'mono', sampleRate = defaultRate, bidirectionalAudio = {} } = input;
  const { streaming = false, sampleRate: backSampleRate } = bidirectionalAudio;
  const enabled = bidirectionalAudio.enabled ?? !input.disableBidirectionalAudio;
  const { username, password } = input.wsAuth ?? {};
  // A relative address is on the application's server, with its credentials unless the stream has its own.
  const there = session.conversation.resolve({ url: input.url, ...(username && password && { username, password }) });
  if (!there) return refuse('stream-url', `${withoutSecrets(input.url)} is no address`);
  return {
    url: there.url,
    ...(there.username && there.password && { auth: { username: there.username, password: there.password } }),
    mix,
    sampleRate,
    hello: hello(about, { sampleRate, mixType: mix }, input.metadata),
    back: enabled ? (streaming ? 'streaming' : 'framed') : 'none',
    ...(backSampleRate !== undefined && { backSampleRate }),
  };
}

/** The first frame (verbs.md 8.2): camelCase, metadata last. A dialled leg's has the reference's inner names too. */
function hello(call: Call, facts: Payload, metadata: Record<string, unknown> = {}): Payload {
  const { fsSipAddress, fsPublicIp, customerData } = call.facts;
  const inner = call.parent && { localSipAddress: fsSipAddress, publicIp: fsPublicIp, _customerData: customerData };
  return { ...call.payload(), ...inner, ...facts, ...metadata };
}

/** Into the event log; what went wrong into the alerts too. */
function note(call: Call, stream: MediaStream, address: string): void {
  const url = withoutSecrets(address);
  const append = (what: string, fields: Record<string, unknown> = {}): void =>
    call.events.append('stream', { what, url, ...fields });
  stream.onEvent = (event) => {
    if (event.type === 'open') append('open');
    else if (event.type === 'trouble') append('trouble', { reason: event.what });
    else if (event.type === 'reconnecting')
      append('reconnecting', { attempt: event.attempt, reason: event.fault.message, code: event.fault.code });
  };
  void stream.done.then(({ reason, sentMs, droppedMs, fault }) => {
    const why = fault && { message: fault.message, code: fault.code };
    append('ended', { reason, sent_ms: sentMs, dropped_ms: droppedMs, ...why });
    if (reason === 'failed') call.alert('webhook-connection-failure', `streaming to ${url}: ${fault?.message}`);
  });
}
