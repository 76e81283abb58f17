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
  /** Are lines of this level kept? For who would go to some length to write one. */
  wants(level: LogLevel): boolean;
}

export type LogSink = (level: LogLevel, message: string, fields: LogFields) => void;

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const ignore = (): void => {};

/** `least`: the lowest level that reaches the sink. */
export function makeLog(sink: LogSink, bound: LogFields = {}, least: LogLevel = 'debug'): Log {
  const wants = (level: LogLevel): boolean => order.indexOf(level) >= order.indexOf(least);
  const at = (level: LogLevel) =>
    wants(level)
      ? (message: string, fields?: LogFields) => sink(level, message, fields ? { ...bound, ...fields } : bound)
      : ignore;
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => makeLog(sink, { ...bound, ...fields }, least),
    wants,
  };
}

export const silentLog: Log = makeLog(() => {});
