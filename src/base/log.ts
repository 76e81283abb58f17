// Log: structured lines with bindings. What a line becomes (JSON, a terminal's text) is the sink's business.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Record<string, unknown>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log that adds these fields to every line, such as the call's sid. */
  with(fields: LogFields): Log;
}

export type LogSink = (level: LogLevel, message: string, fields: LogFields) => void;

export function makeLog(sink: LogSink, bound: LogFields = {}): Log {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) =>
    sink(level, message, fields ? { ...bound, ...fields } : bound);
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => makeLog(sink, { ...bound, ...fields }),
  };
}

export const silentLog: Log = makeLog(() => {});
