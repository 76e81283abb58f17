// Settings: one table of environment variables, used to read them, to check them and to write docs/configuration.md.
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { isRefusal, type LogLevel, type Refusal, refuse } from './base/index.ts';

/** The one gateway that `phone` calls go to. */
export interface PhoneGateway {
  user: string | undefined;
  password: string | undefined;
  host: string;
  /** Undefined: found by DNS (RFC 3263), else 5060. */
  port: number | undefined;
  transport: 'udp' | 'tcp';
}

interface Setting<T> {
  name: string;
  /** The reference's name for the same thing; ours wins when both are set. */
  alias?: string;
  meaning: string;
  /** Read when the variable is absent or empty. */
  standard: T;
  /** The default as the documentation shows it, when the value itself says little. */
  shown?: string;
  /** An empty text is a value of its own. */
  emptyAllowed?: true;
  /** What is accepted, in words, for the documentation and for errors. */
  accepts: string;
  parse(text: string): T | undefined;
}

const setting = <T>(s: Setting<T>): Setting<T> => s;

const wholeNumber = (min: number, max: number) => (text: string) => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
};
const port = { accepts: '0 to 65535; 0 takes any free port', parse: wholeNumber(0, 65_535) };
const milliseconds = (min: number, max: number) => ({
  accepts: `${min} to ${max} milliseconds`,
  parse: wholeNumber(min, max),
});

function flag(text: string): boolean | undefined {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  return /^(0|false|no|off)$/i.test(text) ? false : undefined;
}

/** An IPv4 or IPv6 address, brackets taken off. */
function address(text: string): string | undefined {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  return /^(\d{1,3}\.){3}\d{1,3}$/.test(bare)
    ? bare.split('.').every((part) => Number(part) <= 255)
      ? bare
      : undefined
    : /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(bare) && URL.canParse(`http://[${bare}]/`)
      ? bare
      : undefined;
}

const hostName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/i;
const host = (text: string): string | undefined => address(text) ?? (hostName.test(text) ? text : undefined);

function phoneGateway(text: string): PhoneGateway | undefined {
  const match =
    /^sip:(?:([^:@;?]+)(?::([^@;?]*))?@)?(\[[^\]]+\]|[^:;?@]+)(?::(\d{1,5}))?(?:;transport=(udp|tcp))?$/i.exec(text);
  if (!match) return undefined;
  const [, user, password, hostText = '', portText, transport] = match;
  const at = host(hostText);
  const number = portText === undefined ? undefined : wholeNumber(1, 65_535)(portText);
  if (at === undefined || (portText !== undefined && number === undefined)) return undefined;
  try {
    return {
      user: user === undefined ? undefined : decodeURIComponent(user),
      password: password === undefined ? undefined : decodeURIComponent(password),
      host: at,
      port: number,
      transport: transport?.toLowerCase() === 'tcp' ? 'tcp' : 'udp',
    };
  } catch {
    return undefined;
  }
}

const databaseUrl = (text: string): string | undefined =>
  /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) ? text : undefined;

const logLevels: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies LogLevel[];

/** Every setting. The order is the documentation's. */
const settings = {
  httpPort: setting({
    name: 'CROSSPOINT_HTTP_PORT',
    meaning: 'TCP port of the REST API',
    standard: 3000,
    ...port,
  }),
  sipPort: setting({
    name: 'CROSSPOINT_SIP_PORT',
    meaning: 'UDP and TCP port for SIP',
    standard: 5060,
    ...port,
  }),
  rtpPortMin: setting({
    name: 'CROSSPOINT_RTP_PORT_MIN',
    meaning:
      'First UDP port for audio; the default range lies below the ports which Linux gives to outgoing connections',
    standard: 20_000,
    accepts: '1024 to 65534, or 0 together with `CROSSPOINT_RTP_PORT_MAX` for any free port',
    parse: (text: string) => (text === '0' ? 0 : wholeNumber(1024, 65_534)(text)),
  }),
  rtpPortMax: setting({
    name: 'CROSSPOINT_RTP_PORT_MAX',
    meaning: 'Last UDP port for audio; a call takes two or four',
    standard: 29_999,
    accepts: '1025 to 65535 and above `CROSSPOINT_RTP_PORT_MIN`, or 0 together with it',
    parse: (text: string) => (text === '0' ? 0 : wholeNumber(1025, 65_535)(text)),
  }),
  bind: setting({
    name: 'CROSSPOINT_BIND',
    meaning:
      'Address to listen on, for HTTP, SIP and audio. By default only this machine can reach the server; `0.0.0.0` opens it to others',
    standard: '127.0.0.1',
    accepts: 'an IPv4 or IPv6 address',
    parse: address,
  }),
  advertise: setting<string | undefined>({
    name: 'CROSSPOINT_ADVERTISE',
    meaning: 'Address that phones and carriers are told to send to, when it differs (behind NAT)',
    standard: undefined,
    shown: 'the address listened on; with `0.0.0.0` the first one of this machine that is not loopback',
    accepts: 'an IP address or a host name',
    parse: host,
  }),
  dataDir: setting({
    name: 'CROSSPOINT_DATA_DIR',
    meaning: 'Folder for the database, the first keys and caches; created with mode 700',
    standard: resolve(import.meta.dirname, '..', '.crosspoint'),
    shown: '`.crosspoint` in the checkout',
    accepts: 'a path',
    parse: (text: string) => (text.includes('\0') ? undefined : resolve(text)),
  }),
  databaseUrl: setting<string | undefined>({
    name: 'CROSSPOINT_DATABASE_URL',
    meaning: 'A PostgreSQL of your own (15 or newer)',
    standard: undefined,
    shown: 'an embedded PostgreSQL in the data folder',
    accepts: '`postgres://user:password@host:port/database`',
    parse: databaseUrl,
  }),
  dev: setting({
    name: 'CROSSPOINT_DEV',
    meaning:
      'Lets calls from loopback reach `sip:app-<application_sid>@…` and `sip:demo@…` with no carrier or registration',
    standard: false,
    shown: '0',
    accepts: '1 or 0',
    parse: flag,
  }),
  phoneGateway: setting<PhoneGateway | undefined>({
    name: 'CROSSPOINT_PHONE_GATEWAY',
    meaning: 'The gateway that outgoing `phone` calls go to',
    standard: undefined,
    shown: 'none',
    accepts: '`sip:[user[:password]@]host[:port][;transport=udp|tcp]`',
    parse: phoneGateway,
  }),
  mediaWorkers: setting({
    name: 'CROSSPOINT_MEDIA_WORKERS',
    meaning: 'How many processes carry audio',
    standard: Math.max(1, availableParallelism() - 1),
    shown: 'one less than the machine has cores, at least 1',
    accepts: '1 to 64',
    parse: wholeNumber(1, 64),
  }),
  logLevel: setting<LogLevel>({
    name: 'CROSSPOINT_LOG_LEVEL',
    alias: 'JAMBONES_LOGLEVEL',
    meaning: 'The least important log lines to write',
    standard: 'info',
    accepts: 'debug, info, warn or error',
    parse: (text: string) => (logLevels.includes(text) ? (text as LogLevel) : undefined),
  }),
  httpTimeoutMs: setting({
    name: 'CROSSPOINT_HTTP_TIMEOUT',
    alias: 'JAMBONES_HTTP_TIMEOUT',
    meaning: 'How long a webhook may take to answer',
    standard: 10_000,
    ...milliseconds(100, 120_000),
  }),
  httpUserAgent: setting({
    name: 'CROSSPOINT_HTTP_USER_AGENT_HEADER',
    alias: 'JAMBONES_HTTP_USER_AGENT_HEADER',
    meaning: '`user-agent` of webhooks and application sockets; empty sends none',
    standard: 'jambonz',
    emptyAllowed: true,
    accepts: 'up to 256 printable characters',
    parse: (text: string) => (/^[\x20-\x7e]{0,256}$/.test(text) ? text : undefined),
  }),
  webhookErrorStatus: setting({
    name: 'CROSSPOINT_WEBHOOK_ERROR_RETURN',
    alias: 'JAMBONES_WEBHOOK_ERROR_RETURN',
    meaning: 'SIP status for a new call whose application fails',
    standard: 480,
    accepts: '400 to 699',
    parse: wholeNumber(400, 699),
  }),
  wsHandshakeTimeoutMs: setting({
    name: 'CROSSPOINT_WS_HANDSHAKE_TIMEOUT_MS',
    alias: 'JAMBONES_WS_HANDSHAKE_TIMEOUT_MS',
    meaning: 'How long opening an application socket may take',
    standard: 1_500,
    ...milliseconds(100, 60_000),
  }),
  wsAckTimeoutMs: setting({
    name: 'CROSSPOINT_WS_API_MSG_RESPONSE_TIMEOUT',
    alias: 'JAMBONES_WS_API_MSG_RESPONSE_TIMEOUT',
    meaning: 'How long an application may take to acknowledge a message on its socket',
    standard: 5_000,
    ...milliseconds(100, 120_000),
  }),
  wsMaxMessageBytes: setting({
    name: 'CROSSPOINT_WS_MAX_PAYLOAD',
    alias: 'JAMBONES_WS_MAX_PAYLOAD',
    meaning: 'Largest message taken from an application socket, in bytes',
    standard: 24 * 1024,
    accepts: '1024 to 16777216 bytes',
    parse: wholeNumber(1024, 16 * 1024 * 1024),
  }),
  wsPingIntervalMs: setting({
    name: 'CROSSPOINT_WS_PING_INTERVAL_MS',
    alias: 'JAMBONES_WS_PING_INTERVAL_MS',
    meaning: 'How often an application socket is pinged; 0 for never',
    standard: 0,
    accepts: '0, or 15000 to 600000 milliseconds',
    parse: (text: string) => (text === '0' ? 0 : wholeNumber(15_000, 600_000)(text)),
  }),
  apiBaseUrl: setting<string | undefined>({
    name: 'CROSSPOINT_API_BASE_URL',
    alias: 'JAMBONES_API_BASE_URL',
    meaning: '`api_base_url` in what applications are sent',
    standard: undefined,
    shown: 'left out',
    accepts: 'an http or https URL',
    parse: (text: string) => (/^https?:\/\//.test(text) && URL.canParse(text) ? text : undefined),
  }),
  mediaTimeoutMs: setting({
    name: 'CROSSPOINT_MEDIA_TIMEOUT_MS',
    alias: 'JAMBONES_MEDIA_TIMEOUT_MS',
    meaning:
      'A call from which neither audio nor RTCP came for this long is ended, as its phone has vanished; 0 for never',
    standard: 120_000,
    accepts: '0, or 1000 to 86400000 milliseconds',
    parse: (text: string) => (text === '0' ? 0 : wholeNumber(1_000, 86_400_000)(text)),
  }),
  inbandDtmf: setting({
    name: 'CROSSPOINT_INBAND_DTMF',
    meaning:
      'Hear DTMF in the sound too, for far ends that send it neither as RFC 4733 events nor by INFO; costs a little CPU per call',
    standard: false,
    shown: '0',
    accepts: '1 or 0',
    parse: flag,
  }),
  voicemailPhrases: setting<string | undefined>({
    name: 'CROSSPOINT_VOICEMAIL_PHRASES',
    alias: 'VMD_HINTS_FILE',
    meaning:
      'A JSON file of phrases by which answering-machine detection knows voicemail: `{"en-US": ["leave a message"], "de": […]}`. A language that it holds has these alone',
    standard: undefined,
    shown: 'phrases of nine languages that are built in',
    accepts: 'a path',
    parse: (text: string) => (text.includes('\0') ? undefined : resolve(text)),
  }),
  holdEvents: setting({
    name: 'CROSSPOINT_HOLD_UNHOLD_EVENTS',
    alias: 'JAMBONES_HOLD_UNHOLD_EVENTS',
    meaning: "Tell sipRequestWithinDialogHook of the far end's hold and resume too",
    standard: false,
    shown: '0',
    accepts: '1 or 0',
    parse: flag,
  }),
  mediaHoldTimeoutMs: setting({
    name: 'CROSSPOINT_MEDIA_HOLD_TIMEOUT_MS',
    alias: 'JAMBONES_MEDIA_HOLD_TIMEOUT_MS',
    meaning: 'The same for a call on hold; 0 for never',
    standard: 3_600_000,
    accepts: '0, or 1000 to 86400000 milliseconds',
    parse: (text: string) => (text === '0' ? 0 : wholeNumber(1_000, 86_400_000)(text)),
  }),
};

type Values = { -readonly [K in keyof typeof settings]: (typeof settings)[K] extends Setting<infer T> ? T : never };

/** What the server was told. `json` and `help` come from the command line, all else from the environment. */
export interface Config extends Readonly<Values> {
  readonly json: boolean;
  readonly help: boolean;
}

/** Reads and checks all settings; the refusal's reason is one line that says what to do. */
export function readConfig(env: Record<string, string | undefined>, argv: readonly string[]): Config | Refusal {
  const unknown = unknownVariable(env);
  if (unknown) return unknown;
  const strange = argv.find((arg) => arg !== '--json' && arg !== '--help');
  if (strange !== undefined) return refuse('bad-setting', `${strange} is not an option: there are --json and --help`);
  const values: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const value = readOne(each, env);
    if (isRefusal(value)) return value;
    values[key] = value;
  }
  const config = { ...(values as Values), json: argv.includes('--json'), help: argv.includes('--help') };
  return rtpRange(config) ?? config;
}

function readOne<T>(each: Setting<T>, env: Record<string, string | undefined>): T | Refusal {
  for (const name of [each.name, each.alias]) {
    const text = name === undefined ? undefined : env[name];
    if (text === undefined || (text === '' && !each.emptyAllowed)) continue;
    const value = each.parse(text);
    if (value !== undefined) return value;
    const shown = /PASSWORD|URL|GATEWAY/.test(each.name)
      ? 'its value'
      : JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
    return refuse('bad-setting', `${name}: ${shown} is not valid; it takes ${each.accepts.replaceAll('`', '')}`);
  }
  return each.standard;
}

function rtpRange({ rtpPortMin: min, rtpPortMax: max }: Values): Refusal | undefined {
  if (min === 0 && max === 0) return undefined;
  if (min !== 0 && max > min) return undefined;
  return refuse(
    'bad-setting',
    `CROSSPOINT_RTP_PORT_MIN (${min}) and CROSSPOINT_RTP_PORT_MAX (${max}) are no range: the second must be greater, or both 0`,
  );
}

/** A misspelt setting would be ignored in silence. */
function unknownVariable(env: Record<string, string | undefined>): Refusal | undefined {
  const known = Object.values(settings).map((each) => each.name);
  const strange = Object.keys(env).find((name) => name.startsWith('CROSSPOINT_') && !known.includes(name));
  if (strange === undefined) return undefined;
  const near = known.map((name) => ({ name, far: distance(name, strange) })).sort((a, b) => a.far - b.far)[0]!;
  const hint = near.far <= 4 ? `did you mean ${near.name}?` : 'docs/configuration.md lists all';
  return refuse('bad-setting', `${strange} is not a setting: ${hint}`);
}

/** Levenshtein's distance: single-character edits between two names. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** docs/configuration.md, whole. */
export function configurationPage(): string {
  const rows = (Object.values(settings) as Setting<unknown>[]).map((each) => {
    const standard = each.shown ?? `\`${String(each.standard)}\``;
    const name = each.alias === undefined ? `\`${each.name}\`` : `\`${each.name}\`<br>also \`${each.alias}\``;
    return `| ${[name, each.meaning, standard, each.accepts].map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return `# Configuration

<!-- Generated from src/config.ts by \`npm run golden\`. -->

All settings are environment variables. An empty value counts as absent. A bad value, or a name beginning with
\`CROSSPOINT_\` that is not in this table, ends the start with one line on standard error and exit code 2. Where a second
name is given, it is accepted so that an environment written for jambonz works; the first name wins.

| variable | meaning | default | accepts |
|---|---|---|---|
${rows.join('\n')}

On the command line, \`--json\` prints one JSON line when ready and nothing else on standard output; \`--help\` points here.
`;
}
