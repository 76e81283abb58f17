// Where log lines go: JSON through pino, or text a person can read on a terminal. Always standard error; rim file.
import { pino } from 'pino';
import { type Clock, errorText, type Log, type LogFields, type LogLevel, type LogSink, makeLog } from './base/index.ts';

export interface LoggingOptions {
  level: LogLevel;
  clock: Clock;
  /** Text instead of JSON lines. */
  readable: boolean;
  /** Only with `readable`. */
  colour?: boolean;
  /** File descriptor; standard error by default. */
  fd?: number;
}

export interface Logging {
  log: Log;
  /** Writes what is waiting before the process ends. */
  flush(): void;
}

/** JSON lines are written together when so many bytes wait, or so many milliseconds after the last time. */
const gatherBytes = 4096;
const gatherMs = 100;
/** Lines wait here while standard error is not read; more are dropped, as the server must not stop or grow for its log. */
const waitingBytes = 1024 * 1024;

export function openLog({ level, clock, readable, colour = false, fd = 2 }: LoggingOptions): Logging {
  // A person's terminal gets each line at once; for a collector, a write of many lines costs what one of a single line does.
  const gather = readable
    ? { sync: true, minLength: 0 }
    : { sync: false, minLength: gatherBytes, periodicFlush: gatherMs };
  const out = pino.destination({ fd, maxLength: waitingBytes, ...gather });
  out.on('error', () => {});
  const line = readable ? readableLine(clock, colour) : undefined;
  const sink = line ? (...parts: Parameters<LogSink>) => void out.write(line(...parts)) : jsonSink(out, clock);
  const log = makeLog(sink, {}, level);
  const flush = (): void => {
    try {
      out.flushSync();
    } catch {
      // Standard error is closed, or was never opened.
    }
  };
  return { log, flush };
}

function jsonSink(out: ReturnType<typeof pino.destination>, clock: Clock): LogSink {
  const json = pino(
    {
      level: 'debug',
      base: undefined,
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    out,
  );
  return (level, message, fields) => json[level](plain(fields), message);
}

/** Errors have no enumerable fields: JSON would show `{}`. */
function plain(fields: LogFields): LogFields {
  if (!Object.values(fields).some((value) => value instanceof Error)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? { message: errorText(value), stack: value.stack } : value,
    ]),
  );
}

const colours: Record<LogLevel, number> = { debug: 90, info: 32, warn: 33, error: 31 };

function readableLine(clock: Clock, colour: boolean): (...parts: Parameters<LogSink>) => string {
  const paint = (code: number, text: string): string => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  return (level, message, fields) => {
    const rest = Object.entries(fields).map(([name, value]) => paint(90, ` ${name}=`) + shown(value));
    const time = paint(90, localTime(clock.now()));
    return `${time} ${paint(colours[level], level.padEnd(5))} ${harmless(message)}${rest.join('')}\n`;
  };
}

/** Texts of strangers forge no line and steer no terminal. */
const harmless = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

function localTime(ms: number): string {
  const date = new Date(ms);
  const [h, m, s] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, '0'));
  return `${h}:${m}:${s}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** A stack is worth its lines to a person, set in; all else is one word or JSON. */
function shown(value: unknown): string {
  if (value instanceof Error) return (value.stack ?? errorText(value)).split('\n').map(harmless).join('\n    ');
  if (typeof value === 'string') return /^[\w./:@+,-]+$/.test(value) ? value : harmless(JSON.stringify(value));
  try {
    return harmless(JSON.stringify(value) ?? String(value));
  } catch {
    return String(value);
  }
}
