// The body of create-call, checked (rest-calls.md 2): what to dial, as whom, and which application answers.
import type { HookInput } from '../../apps/index.ts';
import { isObject, isRefusal, isSid, type Refusal, refuse } from '../../base/index.ts';
import type { Gateway } from '../../edge/index.ts';
import type { Account, Application } from '../../store/index.ts';
import type { AmdInput } from '../amd/index.ts';
import { hookOf } from '../application/hook-of.ts';
import { type CallOwner, type CallWorld, type SpeechFields, speechOf } from '../types.ts';
import {
  badValue as bad,
  badHeader,
  fromUri,
  isHost,
  present,
  readDestination,
  routeTo,
  textHeaders,
} from './destination.ts';
import type { OutboundOptions } from './outbound.ts';

type Body = Record<string, unknown>;
export type NewCall = Omit<OutboundOptions, 'world'>;

export interface CreateContext {
  account: Account;
  gateway: Gateway | undefined;
  /** Host of our From URI. */
  localHost: string;
  application(sid: string): Promise<Application | undefined>;
  parse: CallWorld['parse'];
}

const speechFields = [
  'speech_synthesis_vendor',
  'speech_synthesis_language',
  'speech_synthesis_voice',
  'speech_recognizer_vendor',
  'speech_recognizer_language',
] as const;

const known = new Set([
  'from',
  'to',
  'application_sid',
  'call_hook',
  'call_status_hook',
  'app_json',
  'callerName',
  'fromHost',
  'timeout',
  'timeLimit',
  'headers',
  'tag',
  'amd',
  'sipRequestWithinDialogHook',
  'referHook',
  'answerOnBridge',
  'id',
  'account_sid',
  ...speechFields,
]);
/** Fields of the contract that this version cannot honour: refused by name. */
const later = new Set(['dual_streams', 'trunk', 'record']);

export async function readCreate(body: unknown, context: CreateContext): Promise<NewCall | Refusal> {
  if (!isObject(body)) return bad('the body must be an object');
  const wrong = fieldRefusal(body);
  if (wrong) return wrong;
  const application = await applicationOf(body, context);
  if (application && 'refused' in application) return application;
  const hooks = hooksOf(body, application);
  if ('refused' in hooks) return hooks;
  const destination = readDestination(body.to, 'to');
  if ('refused' in destination) return destination;
  const route = routeTo(destination, context.gateway);
  if ('refused' in route) return route;
  const from = body.from as string;
  const numbers = readNumbers(body);
  if ('refused' in numbers) return numbers;
  const owner = { account: context.account, application, ...(!application && { speech: inlineSpeech(body) }) };
  const amd = readAmd(body.amd, owner, context);
  if (isRefusal(amd)) return amd;
  return {
    owner,
    from,
    ...hooks,
    ...numbers,
    ...(isObject(body.tag) && { tag: body.tag }),
    ...(amd && { amd }),
    ...(isHook(body.referHook) && { referHook: body.referHook }),
    ...(typeof body.sipRequestWithinDialogHook === 'string' && { sipRequestHook: body.sipRequestWithinDialogHook }),
    target: {
      ...route,
      fromUri: fromUri(from, typeof body.fromHost === 'string' ? body.fromHost : context.localHost),
      ...(typeof body.callerName === 'string' && { displayName: body.callerName }),
      headers: { ...textHeaders(body.headers), ...destination.headers },
    },
  };
}

function fieldRefusal(body: Body): Refusal | undefined {
  for (const [name, value] of Object.entries(body)) {
    if (value === null || known.has(name)) continue;
    if (later.has(name))
      return refuse('call-later', `${name} is not in this version of Crosspoint`, { http: 422, path: name });
    return bad(`createCall has no field ${name}`, name);
  }
  const { from, tag, headers } = body;
  if (typeof from !== 'string' || from === '') return bad('missing from parameter', 'from');
  if (from.length > 256 || /[\r\n"<>]/.test(from) || !from.isWellFormed())
    return bad('must be 1 to 256 characters, fit for a SIP URI', 'from');
  if (present(tag) && !isObject(tag)) return bad('must be an object', 'tag');
  if (present(headers) && !isObject(headers)) return bad('must be an object', 'headers');
  if (present(body.referHook) && !isHook(body.referHook))
    return bad('must be a URL, or an object with url', 'referHook');
  for (const name of ['callerName', 'fromHost', 'sipRequestWithinDialogHook'] as const) {
    if (present(body[name]) && (typeof body[name] !== 'string' || /[\r\n"<>]/.test(body[name])))
      return bad('must be one line of text', name);
  }
  if (typeof body.fromHost === 'string' && !isHost(body.fromHost))
    return bad('must be a host, with or without a port', 'fromHost');
  return badHeader(headers, 'headers');
}

async function applicationOf(body: Body, context: CreateContext): Promise<Application | Refusal | undefined> {
  const sid = body.application_sid;
  if (!present(sid)) {
    const wrong = speechFields.find((name) => present(body[name]) && typeof body[name] !== 'string');
    if (wrong !== undefined) return bad('must be text', wrong);
    const missing = speechFields.filter((name) => typeof body[name] !== 'string');
    return missing.length === 0 || missing.length === speechFields.length
      ? undefined
      : bad(`without application_sid these go together: ${speechFields.join(', ')}`, missing[0]);
  }
  const application = isSid(sid) ? await context.application(sid) : undefined;
  if (application?.account_sid === context.account.account_sid) return application;
  return bad(`application_sid not found ${String(sid)}`, 'application_sid');
}

interface Hooks {
  callHook: HookInput;
  statusHook?: HookInput;
  appJson?: string;
}

function hooksOf(body: Body, application: Application | undefined): Hooks | Refusal {
  if (application) {
    const appJson = application.app_json ?? undefined;
    if (!application.call_hook && appJson === undefined)
      return bad('the application has no call_hook', 'application_sid');
    return {
      callHook: application.call_hook ? hookOf(application.call_hook) : '',
      ...(application.call_status_hook && { statusHook: hookOf(application.call_status_hook) }),
      ...(appJson !== undefined && { appJson }),
    };
  }
  if (!present(body.call_hook)) return bad('either call_hook or application_sid required', 'call_hook');
  const callHook = absoluteHook(body.call_hook, 'call_hook');
  if (isRefusal(callHook)) return callHook;
  const statusHook = present(body.call_status_hook)
    ? absoluteHook(body.call_status_hook, 'call_status_hook')
    : undefined;
  if (isRefusal(statusHook)) return statusHook;
  if (present(body.app_json) && typeof body.app_json !== 'string') return bad('must be JSON text', 'app_json');
  return {
    callHook,
    ...(statusHook !== undefined && { statusHook }),
    ...(typeof body.app_json === 'string' && { appJson: body.app_json }),
  };
}

function absoluteHook(value: unknown, path: string): HookInput | Refusal {
  const hook = typeof value === 'string' ? { url: value, method: 'POST' } : value;
  if (!isObject(hook) || typeof hook.url !== 'string')
    return bad(`${path} must be string or an object containing a url property`, path);
  if (!/^(https?|wss?):\/\//i.test(hook.url) || !URL.canParse(hook.url))
    return bad(`${path} url be an absolute url`, path);
  const { url, method, username, password } = hook;
  return {
    url,
    method: typeof method === 'string' ? method : 'POST',
    ...(typeof username === 'string' && { username }),
    ...(typeof password === 'string' && { password }),
  };
}

function readNumbers(body: Body): { timeoutMs?: number; timeLimitMs?: number } | Refusal {
  for (const name of ['timeout', 'timeLimit'] as const) {
    const value = body[name];
    if (present(value) && !(typeof value === 'number' && value > 0 && value <= 86_400))
      return bad('must be 1 to 86400 seconds', name);
  }
  return {
    ...(typeof body.timeout === 'number' && { timeoutMs: body.timeout * 1000 }),
    ...(typeof body.timeLimit === 'number' && { timeLimitMs: body.timeLimit * 1000 }),
  };
}

/**
 * What config would refuse is refused here, and what nobody knows besides. Nothing is configured before it begins, on the answer: who
 * listens must be known now.
 */
function readAmd(value: unknown, owner: CallOwner, { parse }: CreateContext): AmdInput | Refusal | undefined {
  if (!present(value)) return undefined;
  const steps = parse([{ verb: 'config', amd: value }]);
  if (isRefusal(steps)) return bad(steps.reason, inConfig(steps.path));
  const strange = steps[0]?.strange?.[0];
  if (strange !== undefined) return bad('is no option of amd', inConfig(strange));
  const amd = value as AmdInput;
  const { vendor } = amd.recognizer ?? {};
  if ((vendor !== undefined && vendor !== 'default') || speechOf(owner).speech_recognizer_vendor) return amd;
  return bad(
    'amd needs a recognizer: name one here, in the application, or by speech_recognizer_vendor',
    'amd.recognizer',
  );
}

const inConfig = (path: string | undefined): string | undefined => path?.replace(/^\[0\]\.config\./, '');

/** The voice of a call without an application record. */
const inlineSpeech = (body: Body): SpeechFields =>
  Object.fromEntries(speechFields.map((name) => [name, body[name] ?? null]));

const isHook = (value: unknown): value is HookInput =>
  (typeof value === 'string' && value !== '') || (isObject(value) && typeof value.url === 'string');
