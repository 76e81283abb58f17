// From what went wrong to what the client is told: one shape, {msg, code, path?}, and a status.
import { errorText, type Fault, isFault, isRefusal, type Log, type Refusal, refuse } from '../base/index.ts';

/** Carries a refusal through code that can only throw. */
export class RefusedError extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

export interface Problem {
  status: number;
  body: { msg: string; code: string; path?: string };
}

export const notFound = (): Refusal => refuse('not-found', 'Not Found', { http: 404 });
export const forbidden = (reason = 'insufficient permissions'): Refusal => refuse('forbidden', reason, { http: 403 });
/** Bad input: `path` names the field. */
export const bad = (reason: string, path?: string): Refusal =>
  refuse('bad-request', reason, path === undefined ? { http: 400 } : { http: 400, path });
export const missing = (path: string): Refusal => bad(`missing field ${path}`, path);

/** Anything that was thrown or refused, as an answer. Only bugs and operational failures are logged. */
export function problemOf(error: unknown, log: Log): Problem {
  if (error instanceof RefusedError) return ofRefusal(error.refusal);
  if (isRefusal(error)) return ofRefusal(error);
  if (isFault(error)) return ofFault(error, log);
  const client = ofFramework(error);
  if (client) return client;
  log.error('an API request failed', { error: error instanceof Error ? error : errorText(error) });
  return { status: 500, body: { msg: 'internal error', code: 'internal' } };
}

const ofRefusal = ({ code, reason, path, http = 422 }: Refusal): Problem => ({
  status: http,
  body: path === undefined ? { msg: reason, code } : { msg: reason, code, path },
});

function ofFault(fault: Fault, log: Log): Problem {
  const status = fault.http ?? (fault.retryable ? 503 : 500);
  if (status >= 500) log.error(fault.message, { code: fault.code, ...fault.detail });
  const { path } = fault.detail;
  const where = typeof path === 'string' ? { path } : {};
  return { status, body: { msg: fault.message, code: fault.code, ...where } };
}

/** In place of texts that quote a whole URL. */
const ownWords: Record<string, string> = {
  'bad-url': 'the path is not percent-encoded rightly',
  'max-param-length': 'the path is too long',
};

/** Fastify's own: a body that is no JSON (400), too large (413), of another type (415). */
function ofFramework(error: unknown): Problem | undefined {
  const { statusCode, code } = error as { statusCode?: unknown; code?: unknown };
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode >= 500) return undefined;
  const name =
    typeof code === 'string'
      ? code
          .replace(/^FST_ERR_(CTP_)?/, '')
          .replaceAll('_', '-')
          .toLowerCase()
      : '';
  const msg = name in ownWords ? ownWords[name]! : errorText(error);
  return { status: statusCode, body: { msg, code: name || 'bad-request' } };
}
