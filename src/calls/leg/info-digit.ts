// DTMF in a SIP INFO: application/dtmf-relay and application/dtmf (sip-edge.md DT-3).
import type { SipRequest } from '../../sip/index.ts';

const defaultDurationMs = 250;
const longestMs = 10_000;

/** `Signal=5` with `Duration=160`, or a bare digit; events 10 to 15 by number as some phones send them. Undefined: not DTMF. */
export function readInfoDigit(request: SipRequest): { digit: string; durationMs: number } | undefined {
  const type = request.contentType?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/dtmf-relay' && type !== 'application/dtmf') return undefined;
  const text = Buffer.from(request.body).toString('latin1');
  const signal = /signal\s*=\s*(\S+)/i.exec(text)?.[1] ?? /^\s*(\S{1,2})\s*$/.exec(text)?.[1];
  const digit = signal === undefined ? undefined : digitOf(signal.toUpperCase());
  if (digit === undefined) return undefined;
  const duration = Number(/duration\s*=\s*(\d+)/i.exec(text)?.[1] ?? defaultDurationMs);
  return { digit, durationMs: Math.min(duration, longestMs) };
}

function digitOf(signal: string): string | undefined {
  if (/^[0-9A-D*#]$/.test(signal)) return signal;
  return ({ '10': '*', '11': '#', '12': 'A', '13': 'B', '14': 'C', '15': 'D' } as Record<string, string>)[signal];
}
