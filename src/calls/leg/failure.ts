// A final failure of our INVITE: where the far end has moved to, or how the leg ends.
import { errorText, isFault } from '../../base/index.ts';
import { printUri, type SipResponse } from '../../sip/index.ts';
import type { LegEnd } from './types.ts';

/** Where a 3xx says the far end is now (RFC 3261 8.1.3.4). */
export function contactOf(failed: SipResponse | Error): string | undefined {
  if (!('status' in failed) || failed.status < 300 || failed.status > 399) return undefined;
  const [contact] = failed.contacts;
  return contact?.uri.scheme === 'sip' ? printUri(contact.uri) : undefined;
}

export function failureEnd(failed: SipResponse | Error): LegEnd {
  if ('status' in failed) return { how: 'refused', status: failed.status, reason: failed.reason, response: failed };
  const status = isFault(failed) ? (failed.sip ?? 500) : 500;
  return { how: 'refused', status, reason: errorText(failed), response: undefined };
}
