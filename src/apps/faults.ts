// What can go wrong between us and an application, in one shape: Faults `hook-…` and the alerts they become.
import { Fault, isFault } from '../base/index.ts';
import type { AppEvent } from './types.ts';

/** A connection that could not be made in time counts as a connection error, not as a slow answer (app-interfaces.md 1.5). */
const connectTimeouts = new Set<unknown>(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT']);

/** Turns what HttpClient or WsConnect rejected with into a hook's Fault; `detail.why` feeds the retry rule. */
export function hookFault(error: unknown): Fault {
  if (!isFault(error)) return new Fault('hook-connect', 'the request failed', { cause: error });
  if (error.code.startsWith('hook-')) return error;
  const more = (why?: string) => ({ cause: error, retryable: true, detail: why === undefined ? {} : { why } });
  switch (error.code) {
    case 'http-refused':
      return new Fault('hook-connect', 'the connection was refused', more('ct'));
    case 'http-reset':
      return new Fault('hook-connect', 'the connection broke', more('ct'));
    case 'http-timeout':
      return new Fault('hook-timeout', 'no answer in time', more(connectTimeouts.has(error.detail.code) ? 'ct' : 'rt'));
    case 'http-dns':
      return new Fault('hook-connect', 'the name of the server cannot be resolved', more());
    case 'http-too-large':
      return new Fault('hook-too-large', 'the answer is too large', { cause: error });
    case 'ws-status':
      return statusFault(Number(error.detail.status));
    case 'ws-protocol':
      return new Fault('hook-connect', 'the server does not speak the subprotocol ws.jambonz.org', { cause: error });
    default:
      return new Fault('hook-connect', error.message, more());
  }
}

export const statusFault = (status: number): Fault =>
  new Fault('hook-status', `the application answered with status ${status}`, { detail: { status } });

/** The alert a hook's final failure is filed under (app-interfaces.md 1.6). */
export function alertOf(fault: Fault, url: string): AppEvent & { type: 'alert' } {
  const { status } = fault.detail;
  const alert =
    fault.code === 'hook-json' || fault.code === 'hook-too-large'
      ? 'invalid-app-payload'
      : status === 404
        ? 'webhook-url-notfound'
        : status === 401 || status === 403
          ? 'webhook-auth-failure'
          : typeof status === 'number'
            ? 'webhook-failure'
            : 'webhook-connection-failure';
  return { type: 'alert', alert, detail: fault.message, url };
}

/** Every hook that was sent has an outcome in the log, also when whoever asked is gone before the answer. */
export const unawaited = (): Fault => new Fault('hook-closed', 'nobody waits for its answer any more');
