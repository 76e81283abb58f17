// The stage: the whole server with its phones and applications in one thread, on a virtual clock, from one seed.
import { held, type Log, newSid, openScopes, silentLog } from '../base/index.ts';
import { MemoryFiles, type SeededRandom, SimNet, seededRandom, VirtualClock } from '../base/sim/index.ts';
import type { AlertNote, CallEvent } from '../calls/index.ts';
import { createMediaPool, inlineWorker, type MediaPool, type WorkerLink } from '../media/client.ts';
import { audioFiles, serveEngine } from '../media/engine/index.ts';
import { makeRecognizers, makeSpeech, type Speech } from '../speech/index.ts';
import {
  type Account,
  type Application,
  freshAccount,
  freshApplication,
  memoryRecords,
  newWebhookSecret,
  type Records,
} from '../store/index.ts';
import { embeddedVoice, recognizerVendors, vendors } from '../vendors/index.ts';
import { buildHouse, type House, type HouseSettings } from '../wire.ts';
import { openPhone, type Phone } from './phone.ts';
import type { PhoneCodec } from './phone-audio.ts';

export interface StageOptions {
  seed: number;
  log?: Log;
  settings?: Partial<Omit<HouseSettings, 'calls'>> & { calls?: Partial<HouseSettings['calls']> };
  /** Media workers; more than one to let one die. */
  workers?: number;
  /** Called before a media worker starts; throws when it shall not. */
  onWorkerStart?(index: number): void;
  /** Speech that several stages share, as its voice takes a second of real time to wake up. */
  speech?: Speech;
}

/** One thing that happened to one call. */
export interface StageEvent {
  callSid: string;
  event: CallEvent;
}

export const serverHost = '10.0.0.1';
/** Where applications stand: `http://app.example`. */
export const appOrigin = 'http://app.example';

export class Stage {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly net: SimNet;
  readonly records: Records;
  readonly events: StageEvent[] = [];
  readonly alerts: AlertNote[] = [];
  readonly house: House;
  readonly account: Account;
  readonly media: MediaPool;
  /** The recordings' folder. */
  readonly files: MemoryFiles;
  readonly #phones: Phone[] = [];
  readonly #others: (() => Promise<void>)[] = [];
  readonly #links: WorkerLink[];
  readonly #speech: Speech | undefined;
  readonly #scopesBefore: number;
  #nextHost = 1;

  static async open(options: StageOptions): Promise<Stage> {
    const scopesBefore = openScopes();
    const clock = new VirtualClock();
    const random = seededRandom(options.seed);
    const net = new SimNet({ clock, random });
    const records = memoryRecords();
    const account = await firstAccount(records, random);
    const network = net.host(serverHost);
    const log = options.log ?? silentLog;
    const speech = options.speech ?? makeSpeech({ clock, http: network.http, vendors, log });
    const recognizers = makeRecognizers({ clock, network, vendors: recognizerVendors, log });
    const files = new MemoryFiles();
    const startWorker = inlineWorker(clock, (end) =>
      serveEngine(end, {
        clock,
        random,
        network,
        log,
        speech,
        recognizers,
        files: audioFiles([]),
        recordings: files,
        bindHost: serverHost,
      }),
    );
    const links: WorkerLink[] = [];
    const media = createMediaPool({
      clock,
      random,
      log,
      ports: { min: 20_000, max: 29_999 },
      advertise: serverHost,
      localHost: serverHost,
      workers: options.workers ?? 1,
      startWorker(index) {
        options.onWorkerStart?.(index);
        links[index] = startWorker(index);
        return links[index];
      },
    });
    const events: StageEvent[] = [];
    const alerts: AlertNote[] = [];
    const house = await buildHouse({
      clock,
      random,
      network,
      log,
      records,
      media,
      files,
      settings: settingsOf(options),
      onEvent: (call, event) => events.push({ callSid: call.sid, event }),
      onAlert: (note) => alerts.push(note),
    });
    return new Stage({
      clock,
      random,
      net,
      records,
      account,
      media,
      files,
      house,
      events,
      alerts,
      links,
      speech: options.speech ? undefined : speech,
      scopesBefore,
    });
  }

  private constructor(
    parts: Pick<
      Stage,
      'clock' | 'random' | 'net' | 'records' | 'account' | 'media' | 'files' | 'house' | 'events' | 'alerts'
    > & {
      links: WorkerLink[];
      speech: Speech | undefined;
      scopesBefore: number;
    },
  ) {
    this.clock = parts.clock;
    this.random = parts.random;
    this.net = parts.net;
    this.records = parts.records;
    this.account = parts.account;
    this.media = parts.media;
    this.files = parts.files;
    this.house = parts.house;
    this.events = parts.events;
    this.alerts = parts.alerts;
    this.#links = parts.links;
    this.#speech = parts.speech;
    this.#scopesBefore = parts.scopesBefore;
  }

  /** An application record; `sip:app-<sid>@server` reaches it. */
  async application(fields: Partial<Application>): Promise<Application> {
    const record = freshApplication({
      application_sid: newSid(this.random),
      account_sid: this.account.account_sid,
      name: 'application',
      created_at,
      ...fields,
    });
    await this.records.applications.insert(record);
    return record;
  }

  /** A phone on a host of its own. On loopback's terms, as CROSSPOINT_DEV has it: its address is the server's. */
  async phone(user = 'phone', codecs?: readonly PhoneCodec[]): Promise<Phone> {
    const { clock, random } = this;
    const host = `127.0.0.${++this.#nextHost}`;
    const network = this.net.host(host);
    const phone = await openPhone({ clock, random, network, host, user, ...(codecs && { codecs }) });
    this.#phones.push(phone);
    return phone;
  }

  /** Where to call an application. */
  uriOf(application: Application): string {
    return `sip:app-${application.application_sid}@${serverHost}:${this.house.sip.udp.port}`;
  }

  /** A media worker dies, as by kill -9. */
  killWorker(index: number): void {
    this.#links[index]?.kill();
  }

  eventsOf(callSid: string, type?: string): CallEvent[] {
    return this.events
      .filter((e) => e.callSid === callSid && (type === undefined || e.event.type === type))
      .map((e) => e.event);
  }

  /** Closed with the phones, when the house has stopped. */
  alsoClose(close: () => Promise<void>): void {
    this.#others.push(close);
  }

  /** Stops everything and says what was left open; all must be zero. */
  async close(): Promise<Record<string, number>> {
    const closing = (async () => {
      await this.house.stop();
      await Promise.all([...this.#phones.map((phone) => phone.close()), ...this.#others.map((close) => close())]);
      await this.media.close();
      // The voice's thread ends in real time.
      await held(this.clock, async () => this.#speech?.close());
      await this.records.close();
    })();
    await this.clock.settle(closing, 60_000);
    await this.clock.runUntilIdle(120_000);
    return { ...this.net.open(), timers: this.clock.pendingTimers, scopes: openScopes() - this.#scopesBefore };
  }
}

const stageSettings: HouseSettings = {
  bind: serverHost,
  sipPort: 5060,
  advertise: undefined,
  dev: true,
  demoApplicationSid: undefined,
  gateway: undefined,
  serviceUrl: () => `http://${serverHost}:3000`,
  apps: {},
  calls: {
    webhookErrorStatus: 480,
    mediaInactivityMs: 0,
    mediaHoldInactivityMs: 0,
    inbandDtmf: false,
    holdEvents: true,
    voicemailPhrases: {},
    apiBaseUrl: undefined,
    embeddedVoice,
  },
};

const settingsOf = ({ settings }: StageOptions): HouseSettings => ({
  ...stageSettings,
  ...settings,
  calls: { ...stageSettings.calls, ...settings?.calls },
});

const created_at = '2026-03-01T08:00:00.000Z';

async function firstAccount(records: Records, random: SeededRandom): Promise<Account> {
  const service_provider_sid = newSid(random);
  await records.serviceProviders.insert({
    service_provider_sid,
    name: 'stage',
    description: null,
    root_domain: null,
    created_at,
  });
  const account = freshAccount({
    account_sid: newSid(random),
    service_provider_sid,
    name: 'stage',
    sip_realm: 'stage.example',
    webhook_secret: newWebhookSecret(random),
    created_at,
  });
  await records.accounts.insert(account);
  return account;
}
