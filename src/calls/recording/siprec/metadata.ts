// Recording metadata: who takes part in the recorded call, and which stream carries whom (RFC 7865).
import type { CallFacts } from '../../../apps/index.ts';
import type { Random } from '../../../base/index.ts';

/** Names of one recording's parts, base64 of 16 random bytes (RFC 7865 6.10); they stay the same in every update. */
export interface RecordingIds {
  session: string;
  caller: string;
  callee: string;
  callerStream: string;
  calleeStream: string;
}

export const recordingIds = (random: Random): RecordingIds => {
  const id = (): string => Buffer.from(random.bytes(16)).toString('base64');
  return { session: id(), caller: id(), callee: id(), callerStream: id(), calleeStream: id() };
};

export interface Recorded {
  ids: RecordingIds;
  facts: CallFacts;
  recordingId: string | undefined;
  /** SIP URIs of the two sides. */
  callerAor: string;
  calleeAor: string;
  /** Unix time, ms. */
  startedAt: number;
}

/** Labels of the two streams in the session description: what the caller says, and what the called says (sip-edge.md SR-3). */
export const labels = { caller: '1', callee: '2' } as const;

export function recordingMetadata({ ids, facts, recordingId, callerAor, calleeAor, startedAt }: Recorded): string {
  const time = new Date(startedAt).toISOString();
  const participant = (id: string, aor: string, name: string): string =>
    `<participant participant_id="${id}"><nameID aor="${xml(aor)}"><name xml:lang="en">${xml(name)}</name></nameID></participant>`;
  const stream = (id: string, label: string): string =>
    `<stream stream_id="${id}" session_id="${ids.session}"><label>${label}</label></stream>`;
  const joined = (id: string): string =>
    `<participantsessionassoc participant_id="${id}" session_id="${ids.session}"><associate-time>${time}</associate-time></participantsessionassoc>`;
  const carries = (id: string, sends: string, receives: string): string =>
    `<participantstreamassoc participant_id="${id}"><send>${sends}</send><recv>${receives}</recv></participantstreamassoc>`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<recording xmlns="urn:ietf:params:xml:ns:recording:1">',
    '<datamode>complete</datamode>',
    `<session session_id="${ids.session}"><sipSessionID>${xml(facts.callId)}</sipSessionID><start-time>${time}</start-time></session>`,
    participant(ids.caller, callerAor, facts.callerName || facts.from),
    participant(ids.callee, calleeAor, facts.to),
    stream(ids.callerStream, labels.caller),
    stream(ids.calleeStream, labels.callee),
    joined(ids.caller),
    joined(ids.callee),
    carries(ids.caller, ids.callerStream, ids.calleeStream),
    carries(ids.callee, ids.calleeStream, ids.callerStream),
    extension(facts, recordingId),
    '</recording>',
  ].join('\r\n');
}

/** What changed only (RFC 7865 6.1): a pause and its end are told by the description, whose streams become inactive; the metadata says why. */
export function recordingUpdate(ids: RecordingIds, reason: string): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<recording xmlns="urn:ietf:params:xml:ns:recording:1">',
    '<datamode>partial</datamode>',
    `<session session_id="${ids.session}"><reason>${xml(reason)}</reason></session>`,
    '</recording>',
  ].join('\r\n');
}

/** sip-edge.md SR-4. The element's name has no prefix, as recorders of this contract look for it, and yet a namespace of its own, as the schema asks. */
function extension(facts: CallFacts, recordingId: string | undefined): string {
  const fields: Record<string, string | undefined> = {
    callsid: facts.callSid,
    direction: facts.direction,
    accountsid: facts.accountSid,
    applicationsid: facts.applicationSid,
    recordingid: recordingId,
    originationsource: facts.originatingSipIp,
    carrier: facts.originatingSipTrunkName,
    callednumber: facts.to,
    callingnumber: facts.from,
  };
  const namespace = 'http://jambonz.org/siprec';
  const elements = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`<jb:${name}>${xml(value)}</jb:${name}>`],
  );
  return `<extensiondata xmlns="${namespace}" xmlns:jb="${namespace}">${elements.join('')}</extensiondata>`;
}

/** As text of an element or an attribute; what XML 1.0 cannot hold is left out. */
const xml = (text: string): string =>
  text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (character) => entities[character]!);

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
