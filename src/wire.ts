// Wire: puts the rooms together and turns the arrows round. The same house stands on real sockets and on a virtual clock.
import type { CallFilter, CallsPort } from './api/index.ts';
import { type Apps, type AppsSettings, createApps, recordingStatus } from './apps/index.ts';
import {
  type Address,
  addressText,
  type Clock,
  errorText,
  type Files,
  isRefusal,
  type Log,
  type Network,
  type Random,
  refuse,
} from './base/index.ts';
import {
  type AlertNote,
  type Call,
  type CallEvent,
  type CallSettings,
  type CallWorld,
  Conferences,
  callRecord,
  Directory,
  placeCall,
  Queues,
  readCreate,
  receiveCall,
  replaceFarEnd,
} from './calls/index.ts';
import { performSocket, performUpdate } from './commands/index.ts';
import { admit, type Gateway } from './edge/index.ts';
import type { MediaPool } from './media/client.ts';
import { keepRecordings, type RecordingOutcome, type Recordings } from './recordings/index.ts';
import { createSipStack, type IncomingInvite, type Peer, type SipStack, type SipTrace } from './sip/index.ts';
import type { Records } from './store/index.ts';
import { parseApplication } from './verbs/index.ts';

export interface HousePorts {
  clock: Clock;
  random: Random;
  network: Network;
  log: Log;
  records: Records;
  media: MediaPool;
  settings: HouseSettings;
  /** Folder of the recordings, the media workers' too; without it there are none. */
  files?: Files;
  /** Sinks of call events; nothing waits for them. */
  onEvent?(call: Call, event: CallEvent): void;
  onAlert?(note: AlertNote): void;
}

export interface HouseSettings {
  bind: string;
  sipPort: number;
  /** Host that far ends are told; the bind address when absent. */
  advertise: string | undefined;
  dev: boolean;
  demoApplicationSid: string | undefined;
  gateway: Gateway | undefined;
  /** Base URL of the API, for `service_url` of call records. */
  serviceUrl(): string;
  apps: Partial<AppsSettings>;
  calls: Omit<CallSettings, 'gateway' | 'localHost' | 'sipAddress' | 'publicIp'>;
}

export interface House {
  readonly sip: SipStack;
  readonly directory: Directory;
  readonly calls: CallsPort;
  readonly recordings: Recordings | undefined;
  /** Ends live calls politely and closes what the house opened. Records, media and network belong to who handed them in. */
  stop(): Promise<void>;
}

export async function buildHouse(ports: HousePorts): Promise<House> {
  const { clock, random, network, log, records, media, settings } = ports;
  const { bind, sipPort, advertise } = settings;
  const sip = createSipStack({
    clock,
    random,
    network,
    log: log.with({ room: 'sip' }),
    bind: { host: bind, port: sipPort },
    ...(advertise !== undefined && { advertise }),
    userAgent: 'Crosspoint',
    // calls/far-end/replaces.ts, and REFER without a subscription (RFC 4488) in calls/leg/refer.ts.
    supported: ['replaces', 'norefersub'],
  });
  const apps = createApps({ clock, random, network, log: log.with({ room: 'apps' }), settings: settings.apps });
  const directory = new Directory(clock);
  const recordings = ports.files && openRecordings(ports, ports.files, { apps, directory });
  await sip.start();
  const world: CallWorld = {
    clock,
    random,
    log,
    sip,
    media,
    directory,
    settings: {
      ...settings.calls,
      gateway: settings.gateway,
      localHost: advertise ?? bind,
      sipAddress: addressText(advertised(sip.udp, advertise)),
      publicIp: advertise,
    },
    conferences: new Conferences({ clock, media, log: log.with({ room: 'calls' }) }),
    queues: new Queues(),
    recordings,
    openApp: (options) => apps.open(options),
    parse: parseApplication,
    credential: (accountSid, vendor, label) => findCredential(records, accountSid, vendor, label),
    createCall: (accountSid, body) => createCall(records, world, accountSid, body),
    onSocketCommand: performSocket,
    onEvent: (call, event) => tell(ports, call, event),
    onAlert: (note) => ports.onAlert?.(note),
  };
  sip.onTrace = (trace) => noteMessage(directory, trace);
  sip.onInvite = (invite) => void welcome(invite, ports, world, directory);
  return {
    sip,
    directory,
    recordings,
    calls: callsPort(ports, world, directory),
    async stop() {
      await directory.close();
      await recordings?.close();
      await apps.close();
      await sip.close();
    },
  };
}

const advertised = (local: Address, host: string | undefined): Address => ({
  host: host ?? local.host,
  port: local.port,
});

/** Recordings, and who is told what became of them. What another process left is taken up. */
function openRecordings(
  ports: HousePorts,
  files: Files,
  { apps, directory }: { apps: Apps; directory: Directory },
): Recordings {
  const { clock, random, network, records } = ports;
  const log = ports.log.with({ room: 'recordings' });
  const tell = async ({ facts, fault, ...outcome }: RecordingOutcome): Promise<void> => {
    const { accountSid, callSid, statusHook } = facts;
    const status = fault ? 'failed' : 'stored';
    if (fault) ports.onAlert?.({ accountSid, callSid, type: 'recording-failed', message: fault.message });
    const payload = recordingStatus({ ...facts, ...outcome, status, ...(fault && { reason: fault.message }) });
    if (!statusHook) return void directory.get(callSid)?.conversation.notify('recording:status', payload);
    const account = await records.accounts.get(accountSid);
    // The call's own conversation may be over long ago.
    const { webhook_secret: webhookSecret = '' } = account ?? {};
    const session = apps.open({ callSid, callHook: statusHook, statusHook, webhookSecret, outbound: false });
    session.notify('recording:status', payload);
    await session.close();
  };
  const account = (sid: string) => records.accounts.get(sid);
  const recordings = keepRecordings({ clock, random, log, files, http: network.http, account, tell });
  recordings
    .recover()
    .catch((error: unknown) => log.error('recordings cannot be taken up', { error: errorText(error) }));
  return recordings;
}

/** Each SIP message of a call goes into its event log. */
function noteMessage(
  directory: Directory,
  { callId, direction, summary, peer, retransmission, message }: SipTrace,
): void {
  const call = directory.byCallId(callId);
  if (!call) return;
  const what = message.kind === 'response' ? `${summary} (${message.cseq.method})` : summary;
  call.events.append('sip', { ...sipFacts(direction, what, peer), ...(retransmission && { repeated: true }) });
}

const sipFacts = (direction: 'in' | 'out', summary: string, peer: Peer) => ({
  direction,
  summary,
  peer: addressText(peer),
  transport: peer.transport,
});

/** A sink that throws must not break the call whose events it is told. */
function tell({ onEvent, log }: HousePorts, call: Call, event: CallEvent): void {
  try {
    onEvent?.(call, event);
  } catch (error) {
    log.error('a sink of call events threw', { event: event.type, error: errorText(error) });
  }
}

/** A new call at the door: let in, or told why not. */
async function welcome(
  invite: IncomingInvite,
  { log, records, settings }: HousePorts,
  world: CallWorld,
  directory: Directory,
): Promise<void> {
  try {
    const mayActFor = async (call: Call): Promise<boolean> => {
      const admitted = await admit(invite, records, settings);
      return !isRefusal(admitted) && admitted.account.account_sid === call.facts.accountSid;
    };
    if (await replaceFarEnd({ invite, directory, mayActFor })) return;
    const admitted = directory.admits ?? (await admit(invite, records, settings));
    // The caller may have given up, or the server begun to stop, while the records were read.
    if (invite.state !== 'proceeding') return;
    const admission = directory.admits ?? admitted;
    if (!isRefusal(admission)) {
      const call = receiveCall({ world, owner: admission, invite });
      call?.events.append('sip', sipFacts('in', `INVITE ${invite.request.uriText} SIP/2.0`, invite.peer));
      return;
    }
    log.info('call turned away', { to: invite.request.uriText, from: invite.peer.host, reason: admission.reason });
    invite.reject(admission.sip ?? 480, undefined, { headers: { 'X-Reason': admission.reason } });
  } catch (error) {
    log.error('admission failed', { error: errorText(error) });
    invite.reject(500);
  }
}

async function findCredential(records: Records, accountSid: string, vendor: string, label: string | undefined) {
  const wanted = { vendor, label: label ?? null };
  const own = await records.speechCredentials.find({ ...wanted, account_sid: accountSid });
  if (own) return own;
  const account = await records.accounts.get(accountSid);
  return (
    account &&
    records.speechCredentials.find({ ...wanted, service_provider_sid: account.service_provider_sid, account_sid: null })
  );
}

async function createCall(records: Records, world: CallWorld, accountSid: string, body: unknown) {
  const account = await records.accounts.get(accountSid);
  if (!account) return refuse('no-account', 'Not Found', { http: 404 });
  const { parse, settings } = world;
  const { gateway, localHost } = settings;
  const application = (sid: string) => records.applications.get(sid);
  const call = await readCreate(body, { account, gateway, localHost, application, parse });
  return isRefusal(call) ? call : placeCall({ world, ...call });
}

/** Live calls as the API sees them. */
function callsPort({ settings, clock }: HousePorts, world: CallWorld, directory: Directory): CallsPort {
  const record = (facts: Parameters<typeof callRecord>[0]): Record<string, unknown> =>
    callRecord(facts, settings.serviceUrl());
  return {
    create: world.createCall,
    list: async (accountSid, filter) =>
      directory
        .list(accountSid)
        .map(record)
        .filter((call) => matches(call, filter)),
    async get(accountSid, callSid) {
      const facts = directory.facts(accountSid, callSid);
      return facts && record(facts);
    },
    update: (accountSid, callSid, body, { wait }) =>
      performUpdate(directory, { accountSid, callSid, body, wait, at: clock.now() }),
    remove: async (accountSid, callSid) => directory.forget(accountSid, callSid),
    count: async (accountSid) => directory.count(accountSid),
    queues: async (accountSid) => world.queues.list(accountSid),
    async listen(accountSid, conference, listen) {
      const forks = world.conferences.forks(accountSid, conference);
      forks?.listen(listen);
      return forks !== undefined;
    },
    async unlisten(accountSid, conference) {
      const forks = world.conferences.forks(accountSid, conference);
      forks?.unlisten();
      return forks !== undefined;
    },
    conferences: async (accountSid) => world.conferences.list(accountSid).map((conference) => ({ ...conference })),
  };
}

function matches(call: Record<string, unknown>, filter: CallFilter): boolean {
  return Object.entries(filter).every(
    ([name, wanted]) => wanted === undefined || call[name === 'callStatus' ? 'call_status' : name] === wanted,
  );
}
