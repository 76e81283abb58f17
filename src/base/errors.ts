// Errors know their verdict: a Refusal is an expected "no" (a value), a Fault is an operational failure, anything else is a bug.

/** An expected "no", returned and not thrown. `path` names what is wrong in the input, `reason` says it to the caller. */
export interface Refusal {
  readonly refused: true;
  readonly code: string;
  readonly reason: string;
  readonly path?: string;
  /** HTTP status for the API (default 422). */
  readonly http?: number;
  /** SIP status for the far end. */
  readonly sip?: number;
}

/** Refusals say input back; what was sent by the hundred kilobytes must not come back so, in a SIP header least of all. */
const longestText = 300;
const cut = (text: string): string => (text.length <= longestText ? text : `${text.slice(0, longestText)}...`);

export function refuse(
  code: string,
  reason: string,
  more: Partial<Pick<Refusal, 'path' | 'http' | 'sip'>> = {},
): Refusal {
  const { path } = more;
  return { refused: true, code, reason: cut(reason), ...more, ...(path !== undefined && { path: cut(path) }) };
}

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && (value as { refused?: unknown }).refused === true;

/** A refusal in one line, its path first. */
export const refusalText = (refusal: Refusal): string =>
  refusal.path ? `${refusal.path}: ${refusal.reason}` : refusal.reason;

export interface FaultOptions {
  /** May the same thing succeed when tried again? */
  retryable?: boolean;
  http?: number;
  sip?: number;
  cause?: unknown;
  /** Facts for the log and the alert, never secrets. */
  detail?: Record<string, unknown>;
}

/** An operational failure. `message` is fit for the public; `cause` is private. */
export class Fault extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly http: number | undefined;
  readonly sip: number | undefined;
  readonly detail: Record<string, unknown>;

  constructor(code: string, publicText: string, options: FaultOptions = {}) {
    super(publicText, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.http = options.http;
    this.sip = options.sip;
    this.detail = options.detail ?? {};
  }
}

export const isFault = (value: unknown): value is Fault => value instanceof Fault;

/** A short text for logs, from anything that was thrown. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: unknown }).code;
  return error.message || (typeof code === 'string' ? code : error.name);
}

/** Ends what it was thrown in because the code, not the world, is wrong. */
export function bug(message: string): never {
  throw new Error(`bug: ${message}`);
}
