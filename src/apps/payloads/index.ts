// payloads: what applications are sent, one file per callback. Pure: facts of a call in, camelCase out.
import { sessionAdulting } from './adulting.ts';
import { amdEvent } from './amd.ts';
import { baseInfo } from './base.ts';
import { callStatus } from './call-status.ts';
import { recordingStatus } from './recording-status.ts';
import { inboundSession, outboundSession } from './session-new.ts';
import { sessionRedirect } from './session-redirect.ts';

export * from './adulting.ts';
export * from './amd.ts';
export * from './base.ts';
export * from './call-status.ts';
export * from './recording-status.ts';
export * from './session-new.ts';
export * from './session-redirect.ts';
export * from './types.ts';

/** Every payload by the name of its (first) golden example in test/golden/payloads. A verb's hook is `base` and the verb's own fields. */
export const payloads = {
  base: baseInfo,
  'session-new-inbound': inboundSession,
  'session-new-outbound': outboundSession,
  'session-redirect': sessionRedirect,
  'session-adulting': sessionAdulting,
  'call-status': callStatus,
  amd: amdEvent,
  'recording-status': recordingStatus,
} as const;
