// Every kind of event becomes a sentence, with all its fields and with as few as it can have.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent, CallEventType } from '../calls/index.ts';
import { explain } from './explain.ts';

/** Each type with the fields its writer gives; a new type does not compile without a line here. */
const samples: Record<CallEventType, Record<string, unknown>[]> = {
  created: [{ direction: 'inbound', from: '1', to: '2' }],
  sip: [
    { direction: 'in', summary: 'BYE sip:a@b SIP/2.0', peer: '1.2.3.4:5', transport: 'udp' },
    { direction: 'out', summary: 'SIP/2.0 200 OK (BYE)', peer: '1.2.3.4:5', transport: 'udp', repeated: true },
  ],
  status: [
    ...['trying', 'ringing', 'early-media', 'in-progress', 'queued'].map((status) => ({
      status,
      sip_status: 100,
      sip_reason: '',
    })),
    ...['completed', 'busy', 'no-answer', 'failed'].flatMap((status) => [
      { status, sip_status: 480, sip_reason: '', by: 'caller' },
      { status, sip_status: 200, sip_reason: 'OK', by: 'jambonz' },
    ]),
  ],
  media: [
    ...['sendrecv', 'recvonly', 'inactive'].map((direction) => ({
      what: 'negotiated',
      codec: 'PCMU',
      ptime_ms: 20,
      direction,
      remote: '1.2.3.4:5',
      rfc4733: true,
    })),
    { what: 'redirected', to: 'sip:a@b' },
    ...['full-media', 'partial-media', 'no-media'].map((path) => ({ what: 'path', path })),
    ...['restored', 'moved', 'lost'].map((outcome) => ({ what: 'worker-lost', outcome })),
    { what: 'closed', packets_sent: 1, packets_received: 2, packets_lost: 0, packets_late: 0 },
  ],
  stream: [
    { what: 'open', url: 'ws://x/' },
    { what: 'reconnecting', url: 'ws://x/', attempt: 2, reason: 'the connection broke (1006)', code: 'stream-lost' },
    { what: 'trouble', url: 'ws://x/', reason: 'unknown message' },
    { what: 'ended', url: 'ws://x/', reason: 'closed', sent_ms: 1200, dropped_ms: 0 },
    {
      what: 'ended',
      url: 'ws://x/',
      reason: 'failed',
      sent_ms: 0,
      dropped_ms: 2,
      message: 'refused',
      code: 'http-refused',
    },
  ],
  conference: [
    ...['waits', 'started', 'joined', 'full'].map((what) => ({ what, name: 'standup', members: 2 })),
    { what: 'left', name: 'standup', members: 1, reason: 'kicked' },
  ],
  queue: [
    { what: 'joined', queue: 'support', length: 3 },
    { what: 'taken', queue: 'support', length: 2, seconds: 12 },
    { what: 'lost', queue: 'support', length: 2, seconds: 12 },
    { what: 'left', queue: 'support', length: 2, seconds: 12, reason: 'hangup' },
    ...['asks', 'takes', 'nobody'].map((what) => ({ what, queue: 'support', length: 1 })),
  ],
  digit: [
    { digit: '1', duration_ms: 100, source: 'info' },
    { digit: '1', repeated: true },
  ],
  'hook-sent': [{ hook: 'verb:hook', url: 'http://x/', attempt: 1 }],
  'hook-answered': [
    { hook: 'verb:hook', url: 'http://x/', status: 200, elapsed_ms: 12.3, verbs: 2 },
    { hook: 'call:status', url: 'http://x/', status: 200, elapsed_ms: 12.3, verbs: undefined },
    { hook: 'verb:hook', url: 'http://x/', status: 200, elapsed_ms: 12.3, unread: 'its JSON is no array of verbs' },
  ],
  'hook-failed': [{ hook: 'verb:hook', url: 'http://x/', reason: 'timeout', code: 'hook-timeout' }],
  'socket-opened': [{ url: 'ws://x/' }, { url: 'ws://x/', reconnect: true }],
  'socket-closed': [
    { url: 'ws://x/', code: 1000, reason: '' },
    { url: 'ws://x/', code: 1006, reason: 'gone' },
  ],
  'socket-failed': [{ url: 'ws://x/', reason: 'refused', code: 'ws-refused' }],
  'message-refused': [{ details: 'no JSON', content: 'x' }],
  'verb-started': [{ verb: 'say', id: undefined, audible: true }],
  'verb-finished': [{ verb: 'say', id: 'a' }],
  'verb-killed': [{ verb: 'say', id: 'a', reason: 'replaced' }],
  'verb-skipped': [{ verb: 'say', id: 'a', reason: 'no media' }],
  'program-replaced': [{ verbs: ['say', 'play'] }, { verbs: [] }],
  'program-refused': [{ reason: '[0].say.text: is required' }],
  'options-unknown': [{ verb: 'dial', paths: ['[0].dial.target[0].nonsense'] }],
  'play-started': [
    { layer: 'prompt', what: ['http://x/a.wav'], packet_at: 1 },
    { layer: 'whisper', what: ['say: hello'], packet_at: 1 },
    { layer: 'track', track: 'music', what: ['http://x/a.mp3'], packet_at: 1 },
  ],
  'play-finished': [
    ...['completed', 'stopped', 'timeout'].map((reason) => ({ what: ['a'], reason, played_ms: 12.5 })),
    { what: ['a'], reason: 'failed', played_ms: 0, code: 'play-notfound', message: 'not found' },
  ],
  recognition: [
    { what: 'started', vendor: 'test', language: 'en-US', side: 'ear' },
    { what: 'failed', reason: 'custom:a: gone', failover: 'custom:b' },
  ],
  amd: [
    { what: 'started' },
    { what: 'human-detected', reason: 'short greeting', greeting: 'hello', language: 'en-US' },
    {
      what: 'machine-detected',
      reason: 'hint',
      hint: 'after the beep',
      greeting: 'speak after the beep',
      language: 'en-US',
    },
    { what: 'no-speech-detected' },
    { what: 'decision-timeout' },
    { what: 'machine-stopped-speaking' },
    { what: 'tone-detected', frequency: 950, variance: 0.1 },
    { what: 'tone-timeout' },
    { what: 'error', reason: 'no recognizer is set' },
    { what: 'stopped' },
  ],
  transcript: [{ verb: 'gather', side: 'ear', text: 'yes', confidence: 0.9, vendor: 'test' }],
  recording: [
    { what: 'started', format: 'mp3' },
    { what: 'paused', silence: true },
    { what: 'paused', silence: false },
    { what: 'resumed' },
    { what: 'stopped', duration_ms: 4000, bytes: 32_000 },
    { what: 'stopped', duration_ms: 4000, bytes: 32_000, reason: 'the disk is full' },
    { what: 'stored', url: '/Accounts/a/RecentCalls/c/record/2026/03/01/mp3', where: 'local' },
    { what: 'failed', reason: 'the bucket answered 403', code: 'bucket-refused' },
    { what: 'at-server', server: 'sip:recorder.example.com' },
    { what: 'server-failed', server: 'sip:recorder.example.com', reason: 'no answer within 4000 ms' },
  ],
  'speech-synthesized': [
    { vendor: 'flite', language: 'en-US', characters: 5, elapsed_ms: 7.7, from_cache: false },
    { vendor: 'flite', language: 'en-US', characters: 5, elapsed_ms: 0, from_cache: true },
  ],
  replaced: [{ peer: '192.0.2.7', from: '<sip:carol@192.0.2.7>;tag=1' }],
  hold: [{ held: true }, { held: false }],
  refer: [
    { to: '<sip:a@b>', hook: true },
    { to: '<sip:a@b>', hook: false },
    { what: 'sent', to: '<sip:a@b>' },
    { what: 'refused', status: 603, reason: 'Decline' },
    { what: 'progress', status: 486, reason: 'Busy Here' },
    { what: 'silent' },
  ],
  dial: [
    { what: 'calls', to: 'sip:a@b', with: 'other' },
    { what: 'time-over', seconds: 60 },
    { what: 'failed', to: 'sip:a@b', with: 'other', status: 'busy', sip_status: 486, sip_reason: 'Busy Here' },
    { what: 'failed', to: 'sip:a@b', with: 'other', status: 'completed', sip_status: 200, sip_reason: 'OK' },
    {
      what: 'failed',
      to: 'sip:a@b',
      with: 'other',
      status: 'failed',
      sip_status: 500,
      sip_reason: '',
      said: 'Q.850;cause=34',
    },
  ],
  bridged: [{ with: 'other' }],
  unbridged: [{ with: 'other', reason: 'a leg ended' }],
  adulted: [{ parent: 'other' }],
  commanded: [{ commands: ['mute_status', 'tag'] }],
  'command-refused': [{ commands: ['mute_status'], reason: 'no audio' }],
  effect: [{ command: 'mute_status', applied_ms: 3.2 }],
  alert: [{ alert: 'no-tts', message: 'no voice' }],
  error: [
    { what: 'Media Timeout', silent_ms: 3 },
    { what: 'dtmf was not sent', details: 'y' },
    { what: 'dtmf was not sent', reason: 'z' },
  ],
  ended: [
    { status: 'completed', direction: 'inbound', duration: 5 },
    { status: 'completed', direction: 'inbound', duration: undefined },
    { status: 'busy', direction: 'outbound', duration: undefined },
  ],
};

for (const [type, all] of Object.entries(samples)) {
  test(`${type} is a sentence`, () => {
    const sentences = all.map((fields) => explain({ at: 0, type: type as CallEventType, ...fields } as CallEvent));
    for (const sentence of sentences) {
      assert.ok(sentence.length > 5, sentence);
      assert.doesNotMatch(sentence, /undefined|null|NaN|\[object|\(\)|\s$| {2}/, sentence);
    }
    assert.equal(new Set(sentences).size, sentences.length, `each differs: ${sentences.join(' | ')}`);
  });
}
