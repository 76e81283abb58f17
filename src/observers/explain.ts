// Explains a call event in one sentence, to someone who has never seen SIP.
import type { CallEvent } from '../calls/index.ts';

type Words = (e: CallEvent) => string;

const ms = (value: unknown): string => `${Math.round(Number(value))} ms`;
const quoted = (value: unknown): string => (value === undefined || value === '' ? '' : ` (${String(value)})`);
const list = (value: unknown): string => (Array.isArray(value) ? value.join(', ') || 'nothing' : String(value));

const statusWords: Record<string, string> = {
  trying: 'is being set up',
  ringing: 'rings at the far end',
  'early-media': 'rings at the far end, with sound',
  'in-progress': 'was answered',
  completed: 'is over',
  busy: 'ended: the far end is busy',
  'no-answer': 'ended: nobody answered',
  failed: 'failed',
};

const sentences: Record<CallEvent['type'], Words> = {
  created: (e) => `an ${e.direction} call from ${e.from} to ${e.to}`,
  sip: (e) => `${e.direction === 'in' ? 'received' : 'sent'} ${e.summary}`,
  status: statusSentence,
  media: mediaWords,
  hold: (e) => (e.held ? 'the far end put the call on hold' : 'the far end took the call back from hold'),
  refer: referWords,
  replaced: (e) => `another far end took the place of the one that talked: ${e.from}`,
  digit: (e) => `the far end pressed ${e.digit}${e.repeated ? ' (the same press, heard a second way)' : ''}`,
  'hook-sent': (e) => `asks the application: ${e.hook} to ${e.url}`,
  'hook-answered': (e) =>
    `the application answered ${e.hook} after ${ms(e.elapsed_ms)}${e.verbs === undefined ? '' : ` with ${e.verbs} ${e.verbs === 1 ? 'verb' : 'verbs'}`}${e.unread === undefined ? '' : `; what it says is not read: ${e.unread}`}`,
  'hook-failed': (e) => `the application failed ${e.hook} at ${e.url}: ${e.reason}${hookAdvice(e)}`,
  'socket-opened': (e) => `the socket to ${e.url} is open${e.reconnect ? ' again' : ''}`,
  'socket-closed': (e) => `the socket to ${e.url} closed with ${e.code}${quoted(e.reason)}`,
  'socket-failed': (e) => `the socket to ${e.url} could not be opened: ${e.reason}${hookAdvice(e)}`,
  'message-refused': (e) => `a message of the application was refused: ${e.details}`,
  'verb-started': (e) => `${e.verb} begins`,
  'verb-finished': (e) => `${e.verb} is done`,
  'verb-killed': (e) => `${e.verb} is stopped: ${e.reason}`,
  'verb-skipped': (e) => `${e.verb} is skipped: ${e.reason}${skipAdvice(String(e.reason))}`,
  'program-replaced': (e) => `the application now runs: ${list(e.verbs)}`,
  'program-refused': (e) =>
    e.reason === 'the application answered with no verbs'
      ? `${e.reason}; ${verbsWanted}`
      : `what the application answered cannot run: ${e.reason}`,
  'options-unknown': (e) => `${e.verb} ignores what nobody knows: ${list(e.paths)}`,
  'play-started': (e) =>
    `the far end hears ${list(e.what)}${e.layer === 'whisper' ? ', whispered' : e.layer === 'track' ? `, on track ${e.track}` : ''}`,
  'play-finished': (e) =>
    `${e.reason === 'completed' ? 'played' : `playing ${e.reason}`} ${list(e.what)}, ${ms(e.played_ms)}${e.message === undefined ? '' : `: ${e.message}`}`,
  recognition: (e) =>
    e.what === 'started'
      ? `${e.vendor} listens to what the far end ${e.side === 'mouth' ? 'hears' : 'says'} (${e.language})`
      : `speech recognition failed: ${e.reason}${e.failover === undefined ? '' : `; ${e.failover} takes over`}`,
  transcript: (e) => `${e.side === 'mouth' ? 'the far end heard' : 'the far end said'} "${e.text}"`,
  amd: amdWords,
  recording: recordingWords,
  'speech-synthesized': (e) =>
    `${e.vendor} spoke ${e.characters} characters ${e.from_cache ? 'from the cache' : `in ${ms(e.elapsed_ms)}`}`,
  stream: streamWords,
  conference: conferenceWords,
  queue: queueWords,
  dial: dialWords,
  bridged: (e) => `hears and is heard by call ${e.with}`,
  unbridged: (e) => `no longer hears call ${e.with}: ${e.reason}`,
  adulted: (e) => `is a call of its own now, no longer a leg of call ${e.parent}`,
  commanded: (e) => `updated live: ${list(e.commands)}`,
  'command-refused': (e) => `an update was refused: ${list(e.commands)}: ${e.reason}`,
  effect: (e) => `${e.command} reached the wire after ${ms(e.applied_ms)}`,
  alert: (e) => `alert ${e.alert}: ${e.message}`,
  error: (e) => `${e.what}${quoted(e.reason ?? e.details)}`,
  ended: (e) =>
    `nothing is left of the call; it ${e.status === 'completed' ? `lasted ${e.duration ?? 0} s` : `ended as ${e.status}`}`,
};

function streamWords(e: CallEvent): string {
  const to = `the stream to ${e.url}`;
  const sentences: Record<string, string> = {
    open: `${to} is open`,
    reconnecting: `${to} broke and is opened again, try ${e.attempt}: ${e.reason}`,
    trouble: `${to}: its server sent what cannot be done: ${e.reason}`,
    ended: `${to} is over (${e.reason}) after ${ms(e.sent_ms)} of sound${e.message === undefined ? '' : `: ${e.message}`}${
      Number(e.dropped_ms) > 0 ? `; ${ms(e.dropped_ms)} were dropped, as its server did not take them in time` : ''
    }`,
  };
  return sentences[String(e.what)] ?? `${to}: ${e.what}`;
}

function conferenceWords(e: CallEvent): string {
  const of = `conference ${e.name}`;
  const sentences: Record<string, string> = {
    waits: `waits for ${of} to begin`,
    started: `begins ${of}`,
    joined: `is in ${of}, one of ${e.members}`,
    full: `finds no room in ${of}`,
    left: `is no longer in ${of}${quoted(e.reason)}`,
  };
  return sentences[String(e.what)] ?? `${of}: ${e.what}`;
}

function amdWords(e: CallEvent): string {
  const why = `: ${e.reason}${quoted(e.hint ?? e.greeting)}`;
  const sentences: Record<string, string> = {
    started: 'it is found out whether a human or a machine has answered',
    'human-detected': `a human has answered${why}`,
    'machine-detected': `a machine has answered${why}`,
    'no-speech-detected': 'nobody speaks who could be told from a machine',
    'decision-timeout': 'it could not be found out whether a human or a machine has answered',
    'machine-stopped-speaking': 'the machine has stopped speaking',
    'tone-detected': `a beep of ${e.frequency} Hz was heard`,
    'tone-timeout': 'no beep was heard',
    error: `who has answered cannot be found out: ${e.reason}`,
    stopped: 'nobody listens any more for who has answered',
  };
  return sentences[String(e.what)] ?? `answering-machine detection: ${e.what}`;
}

function recordingWords(e: CallEvent): string {
  const sentences: Record<string, string> = {
    started: `the call is being recorded (${e.format})`,
    paused: e.silence ? 'the recording goes on with silence' : 'the recording is paused',
    resumed: 'the recording goes on',
    stopped: `the recording ended after ${ms(e.duration_ms)}${quoted(e.reason)}`,
    stored: e.where === 'bucket' ? "the recording is in the account's bucket" : 'the recording is stored here',
    failed: `the recording could not be stored: ${e.reason}`,
    'at-server': `is recorded at ${e.server}`,
    'server-failed': `the recording server ${e.server} failed: ${e.reason}`,
  };
  return sentences[String(e.what)] ?? `recording: ${e.what}`;
}

function queueWords(e: CallEvent): string {
  const of = `queue ${e.queue}`;
  const sentences: Record<string, string> = {
    joined: `waits in ${of}, one of ${e.length}`,
    taken: `was taken from ${of} after ${e.seconds} s`,
    lost: `was taken from ${of}, but who took it was gone before the two heard each other`,
    left: `left ${of} after ${e.seconds} s${quoted(e.reason)}`,
    asks: `asks ${of} for a caller`,
    takes: `takes a caller from ${of}`,
    nobody: `found nobody in ${of}`,
  };
  return sentences[String(e.what)] ?? `${of}: ${e.what}`;
}

function referWords(e: CallEvent): string {
  const sentences: Record<string, string> = {
    sent: `asks the far end to call ${e.to}`,
    refused: `the far end does not: ${e.status}${quoted(e.reason)}`,
    progress: `the far end says of its call: ${e.status}${quoted(e.reason)}`,
    silent: 'the far end did not say what came of it',
  };
  const asked = `the far end asks to send the call to ${e.to}${e.hook ? '' : ': refused, no referHook is set'}`;
  return sentences[String(e.what)] ?? asked;
}

function dialWords(e: CallEvent): string {
  if (e.what === 'calls') return `calls ${e.to}, which is call ${e.with}`;
  if (e.what === 'time-over') return `nobody took the call within ${e.seconds} s`;
  const ended = e.status === 'completed' ? 'it answered, and was hung up before the two were joined' : outcome(e);
  return `${e.to} did not take the call: ${ended}`;
}

const outcome = (e: CallEvent): string => {
  const words = statusWords[String(e.status)] ?? String(e.status);
  return `${words.replace(/^ended: /, '')}${codeWords(e)}`;
};

/** The final answer's number, its text, and what the far end said besides. */
function codeWords(e: CallEvent): string {
  const code = Number(e.sip_status) >= 300 ? `: ${e.sip_status}${quoted(e.sip_reason)}` : '';
  return `${code}${e.said === undefined ? '' : `, saying: ${e.said}`}`;
}

function statusSentence(e: CallEvent): string {
  const sipStatus = Number(e.sip_status);
  const end =
    e.status === 'completed' && e.by !== undefined ? `, ended by ${e.by === 'caller' ? 'the far end' : 'us'}` : '';
  const advice = e.status === 'failed' && e.by === 'caller' ? refusalAdvice.get(sipStatus) : undefined;
  return `the call ${statusWords[String(e.status)] ?? e.status}${end}${codeWords(e)}${advice === undefined ? '' : `; ${advice}`}`;
}

/** What a far end means that refuses a call of ours, and what to do about it. */
const refusalAdvice = new Map<number, string>([
  ...[401, 403, 407].map(
    (status) => [status, 'it does not let us in: check user and password (`auth`) of the call'] as const,
  ),
  ...[404, 410, 484, 604].map((status) => [status, 'the far end knows no such number or user: check `to`'] as const),
  [408, 'nothing was heard from there: check host and port of `to`, and that its firewall lets SIP through'],
  [480, 'the far end has no phone there now: is it registered?'],
  ...[415, 488, 606].map((status) => [status, 'the far end takes none of our codecs'] as const),
  ...[500, 502, 503, 504].map((status) => [status, 'the far end has trouble of its own; try again later'] as const),
]);

const verbsWanted =
  'it must answer with content-type application/json and an array of verbs: [{"verb":"say","text":"Hello"}]';

/** What to do about audio that cannot be had. */
function skipAdvice(reason: string): string {
  if (reason.includes('no codec in common')) return '; whoever calls must set its phone to one of these';
  if (reason.includes('needs an answered call')) return '; an answer, say or play before it answers the call';
  if (reason.includes('no RTP port is free')) return '; widen CROSSPOINT_RTP_PORT_MIN to CROSSPOINT_RTP_PORT_MAX';
  return '';
}

/** What to do about an application that failed. */
function hookAdvice(e: CallEvent): string {
  if (e.retry_in_ms !== undefined) return `; tried again in ${ms(e.retry_in_ms)}`;
  const reason = String(e.reason);
  switch (e.code) {
    case 'hook-connect':
      return reason.includes('resolved')
        ? '; check the host name in the URL'
        : '; check that the application runs and that host and port of the URL are right';
    case 'hook-timeout':
      return `; ${e.msgid === undefined ? 'CROSSPOINT_HTTP_TIMEOUT' : 'CROSSPOINT_WS_API_MSG_RESPONSE_TIMEOUT'} says how long it may take`;
    case 'hook-status':
      return `; ${statusAdvice(Number(/\d{3}$/.exec(reason)?.[0]))}`;
    case 'hook-json':
      return `; ${verbsWanted}`;
    default:
      return '';
  }
}

function statusAdvice(status: number): string {
  if (status === 404) return 'check the path of the URL';
  if (status === 401 || status === 403) return "check the hook's username and password";
  if (status >= 500) return 'its own log says why';
  if (status >= 300 && status < 400) return 'redirects are not followed: name the final address';
  return '200, 202 and 204 count as success';
}

const pathWords = new Map([
  ['full-media', 'through us'],
  ['partial-media', 'through us as it is'],
  ['no-media', 'directly between the two far ends'],
]);

function mediaWords(e: CallEvent): string {
  if (e.what === 'negotiated')
    return `sound agreed: ${e.codec}, ${e.ptime_ms} ms packets, to and from ${e.remote}${e.direction === 'sendrecv' ? '' : ` (${e.direction}: on hold)`}`;
  if (e.what === 'path') return `the sound goes ${pathWords.get(String(e.path)) ?? e.path}`;
  if (e.what === 'redirected') return `the far end has moved to ${e.to}`;
  if (e.what === 'worker-lost') return `the process that carried the sound died; it is ${e.outcome}`;
  return `sound closed: ${e.packets_sent} packets sent, ${e.packets_received ?? 0} received, ${e.packets_lost ?? 0} lost, ${e.packets_late} sent late`;
}

export const explain = (event: CallEvent): string => sentences[event.type](event);
