// The API over PostgreSQL with two service providers and their accounts, and live calls that are a script.
import { type Api, type ApiPorts, buildApi, type CallsPort } from '../../src/api/index.ts';
import { type HttpRequest, type HttpResponse, makeLog, realClock, realRandom, refuse } from '../../src/base/index.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { anAccount, anApiKey, aServiceProvider, sid } from './records.ts';

/** One tenant of each kind, with a key. */
export interface Tenant {
  service_provider_sid: string;
  account_sid: string;
  /** A second account of the same service provider. */
  sibling_sid: string;
  spKey: string;
  accountKey: string;
  siblingKey: string;
}

export interface ApiAnswer {
  status: number;
  headers: Record<string, unknown>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many shapes
  json: any;
}

export interface RequestOptions {
  key?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface TestApi {
  api: Api;
  database: TestDatabase;
  ports: ApiPorts;
  adminKey: string;
  /** Two tenants that must not see each other. */
  one: Tenant;
  two: Tenant;
  calls: ScriptedCalls;
  /** What applications answer to OPTIONS, by URL. */
  appEnv: Map<string, string>;
  errors: string[];
  request(method: string, path: string, options?: RequestOptions): Promise<ApiAnswer>;
  close(): Promise<void>;
}

/** Calls that exist as records only; remembers what was asked. */
export class ScriptedCalls implements CallsPort {
  readonly placed: { accountSid: string; body: unknown }[] = [];
  readonly updates: { callSid: string; body: unknown; wait: boolean }[] = [];
  readonly records = new Map<string, Record<string, unknown>>();
  answer: Awaited<ReturnType<CallsPort['update']>> = { status: 202 };

  async create(accountSid: string, body: unknown) {
    if ((body as { from?: unknown }).from === undefined)
      return refuse('bad-call', 'missing from parameter', { http: 400, path: 'from' });
    this.placed.push({ accountSid, body });
    return { sid: sid(), callId: 'call-id' };
  }
  async list(accountSid: string, filter: Record<string, string>) {
    const matches = (call: Record<string, unknown>) =>
      Object.entries(filter).every(([name, value]) => call[name === 'callStatus' ? 'call_status' : name] === value);
    return [...this.records.values()].filter((call) => call.account_sid === accountSid && matches(call));
  }
  async get(accountSid: string, callSid: string) {
    const call = this.records.get(callSid);
    return call?.account_sid === accountSid ? call : undefined;
  }
  async update(accountSid: string, callSid: string, body: unknown, { wait }: { wait: boolean }) {
    if (!(await this.get(accountSid, callSid))) return refuse('call-unknown', 'Not Found', { http: 404 });
    this.updates.push({ callSid, body, wait });
    return this.answer;
  }
  async remove(accountSid: string, callSid: string) {
    return (await this.get(accountSid, callSid)) !== undefined && this.records.delete(callSid);
  }
  async count() {
    return { inbound: 1, outbound: 2 };
  }
  async queues(accountSid: string) {
    return ['support', 'sales'].map((name) => ({ name, length: accountSid.length }));
  }
  readonly listening = new Map<string, unknown>();
  async listen(_accountSid: string, conference: string, listen: object) {
    if (conference === 'standup') this.listening.set(conference, listen);
    return conference === 'standup';
  }
  async unlisten(_accountSid: string, conference: string) {
    this.listening.delete(conference);
    return conference === 'standup';
  }
  async conferences(accountSid: string) {
    return [{ name: 'standup', id: `conf:${accountSid}:standup`, durationSec: 7, participants: [] }];
  }
}

export async function testApi(more: Partial<ApiPorts> = {}): Promise<TestApi> {
  const database = await testDatabase();
  const { records } = database;
  const errors: string[] = [];
  const calls = new ScriptedCalls();
  const appEnv = new Map<string, string>();
  const ports: ApiPorts = {
    clock: realClock(),
    random: realRandom(),
    log: makeLog((level, message, fields) => level === 'error' && errors.push(`${message} ${String(fields.error)}`)),
    records,
    calls,
    http: async (request) => envAnswer(request, appEnv),
    checkVerbs: (verbs) =>
      JSON.stringify(verbs).includes('nonsense')
        ? refuse('bad-verb', 'unknown verb nonsense', { path: '[0].verb' })
        : undefined,
    metrics: () => 'calls 0\n',
    ...more,
  };
  const api = await buildApi(ports);
  const adminKey = sid();
  await records.apiKeys.insert(anApiKey({ token: adminKey }));
  const tenant = async (): Promise<Tenant> => {
    const provider = aServiceProvider();
    const { service_provider_sid } = provider;
    await records.serviceProviders.insert(provider);
    const accounts = [anAccount({ service_provider_sid }), anAccount({ service_provider_sid, name: 'sibling' })];
    const [spKey, accountKey, siblingKey] = [sid(), sid(), sid()];
    for (const account of accounts) await records.accounts.insert(account);
    const [account_sid, sibling_sid] = accounts.map((account) => account.account_sid) as [string, string];
    await records.apiKeys.insert(anApiKey({ token: spKey, service_provider_sid }));
    await records.apiKeys.insert(anApiKey({ token: accountKey, account_sid }));
    await records.apiKeys.insert(anApiKey({ token: siblingKey, account_sid: sibling_sid }));
    return { service_provider_sid, account_sid, sibling_sid, spKey, accountKey, siblingKey };
  };
  return {
    api,
    database,
    ports,
    adminKey,
    one: await tenant(),
    two: await tenant(),
    calls,
    appEnv,
    errors,
    request: (method, path, options) => ask(api, { method, path, ...options }),
    close: async () => {
      await api.close();
      await database.close();
    },
  };
}

async function ask(
  api: Api,
  { method, path, key, body, headers }: RequestOptions & { method: string; path: string },
): Promise<ApiAnswer> {
  const response = await api.inject({
    method: method as 'GET',
    url: path.startsWith('/') ? path : `/v1/${path}`,
    headers: { ...(key !== undefined && { authorization: `Bearer ${key}` }), ...headers },
    ...(body !== undefined && { payload: body as object }),
  });
  const isJson = String(response.headers['content-type']).startsWith('application/json');
  return {
    status: response.statusCode,
    headers: response.headers,
    text: response.body,
    json: isJson ? JSON.parse(response.body) : undefined,
  };
}

function envAnswer(request: HttpRequest, appEnv: Map<string, string>): HttpResponse {
  const text = request.method === 'OPTIONS' ? appEnv.get(request.url) : undefined;
  const body = new TextEncoder().encode(text ?? '');
  return { status: text === undefined ? 404 : 200, headers: {}, body, url: request.url };
}
