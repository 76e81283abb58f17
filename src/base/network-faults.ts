// Network faults: what the system and the libraries throw, as the codes that network.ts promises. Both twins speak them.
import { Fault } from './errors.ts';

type Kind = 'refused' | 'reset' | 'dns' | 'timeout' | 'failed';

const kinds: Record<string, Kind> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
};

const texts: Record<Kind, string> = {
  refused: 'the connection was refused; check that the server runs and its port is right',
  reset: 'the connection was cut before the answer was complete',
  dns: 'the host name could not be resolved; check its spelling and the DNS server',
  timeout: 'the server did not answer in time',
  failed: 'the exchange failed',
};

const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
};

/** A Fault `<prefix>-<kind>` with the system's code in `detail.code`. A Fault passes unchanged. */
export function networkFault(prefix: 'http' | 'tcp', error: unknown, detail: Record<string, unknown> = {}): Fault {
  if (error instanceof Fault) return error;
  const code = codeOf(error) ?? codeOf((error as { cause?: unknown } | null)?.cause);
  const kind = kinds[code ?? ''] ?? 'failed';
  return new Fault(`${prefix}-${kind}`, texts[kind], {
    retryable: kind !== 'failed',
    cause: error,
    detail: code === undefined ? detail : { ...detail, code },
  });
}

/** A Fault `bind-failed` for an address that cannot be listened on. */
export function bindFault(error: unknown, where: string): Fault {
  const code = codeOf(error);
  const why = code === 'EADDRINUSE' ? 'it is in use; free it or choose another port' : 'check the address';
  return new Fault('bind-failed', `cannot listen on ${where}: ${why}`, { cause: error, detail: { where, code } });
}
