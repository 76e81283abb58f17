// The only exception that parsing a SIP message throws.
import type { SipRequest } from './types.ts';

export interface SipParseErrorOptions {
  /** Canonical name of the header that is wrong. */
  header?: string;
  /** What the sender of a request is to be answered. 400 when absent. */
  status?: number;
  /** The request as far as it could be read: enough to build the answer from. Absent: nothing to answer, drop it. */
  partial?: SipRequest;
}

export class SipParseError extends Error {
  readonly reason: string;
  readonly header: string | undefined;
  readonly status: number;
  readonly partial: SipRequest | undefined;

  constructor(reason: string, options: SipParseErrorOptions = {}) {
    super(options.header === undefined ? reason : `${options.header}: ${reason}`);
    this.name = 'SipParseError';
    this.reason = reason;
    this.header = options.header;
    this.status = options.status ?? 400;
    this.partial = options.partial;
  }
}

export const isSipParseError = (error: unknown): error is SipParseError => error instanceof SipParseError;
