// An application's JSON to steps. A bad application is refused with the exact path of what is wrong.
import { isObject, type Refusal, refuse } from '../base/index.ts';
import type { Step } from '../calls/index.ts';
import type { AnyVerb, VerbDefinition } from './define.ts';
import schemas from './generated/schemas.cjs';
import { verbs } from './index.ts';
import { mostVerbs } from './limits.ts';
import { strangePaths } from './strange.ts';

type Options = Record<string, unknown> & { id?: string; earlyMedia?: boolean };

const aliases = new Map([
  ['stream', 'listen'],
  ['s2s', 'llm'],
  ['room', 'conference'],
  ['sip-decline', 'sip:decline'],
  ['sip-request', 'sip:request'],
]);

let byName: Map<string, VerbDefinition<Options>> | undefined;
/** By wire name; made on first use, as the list and this file know each other. */
function find(name: string): VerbDefinition<Options> | undefined {
  byName ??= new Map(verbs.map((verb) => [verb.name, verb as AnyVerb as unknown as VerbDefinition<Options>]));
  return byName.get(name);
}

/** Both spellings of a verb, `{verb: 'say', …}` and `{say: {…}}` (verbs.md 1.1). An empty array is an empty application. */
export function parseApplication(json: unknown): Step[] | Refusal {
  if (!Array.isArray(json)) return refuse('app-not-array', 'an application is an array of verbs', { http: 400 });
  if (json.length > mostVerbs)
    return refuse('app-too-long', `an application has at most ${mostVerbs} verbs`, { http: 400 });
  const steps: Step[] = [];
  for (const [index, item] of json.entries()) {
    const step = parseVerb(item, `[${index}]`);
    if ('refused' in step) return step;
    steps.push(step);
  }
  return steps;
}

function parseVerb(item: unknown, path: string): Step | Refusal {
  const read = readItem(item, path);
  if ('refused' in read) return read;
  const { name, options } = read;
  const where = `${path}.${name}`;
  const verb = find(name);
  if (!verb) {
    const reason = schemas.known.includes(name) ? `verb ${name} is not in this version` : `there is no verb ${name}`;
    return refuse('verb-unknown', reason, { path, http: 400 });
  }
  const wrong = schemaRefusal(name, options) ?? unknownOption(verb, options) ?? verb.check?.(options);
  if (wrong) return { ...wrong, http: 400, path: wrong.path ? joinPath(where, wrong.path) : where };
  return toStep(verb, options, where);
}

function readItem(item: unknown, path: string): { name: string; options: Options } | Refusal {
  if (!isObject(item)) return refuse('verb-not-object', 'a verb is an object', { path, http: 400 });
  if (typeof item.verb === 'string') {
    const { verb, ...options } = item;
    return { name: aliases.get(item.verb) ?? item.verb, options };
  }
  const entries = Object.entries(item);
  const [name, options] = entries[0] ?? [];
  if (entries.length !== 1 || name === undefined)
    return refuse('verb-missing', 'a verb object has a "verb" property, or is {name: {options}}', { path, http: 400 });
  if (!isObject(options))
    return refuse('verb-not-object', 'the options of a verb are an object', { path: `${path}.${name}`, http: 400 });
  return { name: aliases.get(name) ?? name, options };
}

function schemaRefusal(name: string, options: Options): Refusal | undefined {
  const validate = schemas[name];
  // A verb of our own, which the contract's schemas do not know, checks itself.
  if (!validate)
    return options.id === undefined || typeof options.id === 'string'
      ? undefined
      : refuse('verb-option', 'must be string', { path: 'id' });
  if (validate({ ...options, verb: name })) return undefined;
  const error = deepest(validate.errors ?? []);
  const at = (error?.instancePath ?? '')
    .slice(1)
    .replace(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.');
  const missing = error?.keyword === 'required' ? String(error.params.missingProperty) : undefined;
  const allowed = Array.isArray(error?.params.allowedValues) ? `: ${error.params.allowedValues.join(', ')}` : '';
  if (missing !== undefined)
    return refuse('verb-option', 'is required', { path: at === '' ? missing : `${at}.${missing}` });
  return refuse('verb-option', `${error?.message ?? 'is not valid'}${allowed}`, at === '' ? {} : { path: at });
}

/** Of alternatives that all failed, the one that got furthest says best what is wrong. */
function deepest<E extends { instancePath: string }>(errors: E[]): E | undefined {
  const depth = (e: E): number => e.instancePath.split('/').length;
  return errors.reduce<E | undefined>(
    (best, e) => (best === undefined || depth(e) > depth(best) ? e : best),
    undefined,
  );
}

function unknownOption(verb: VerbDefinition<Options>, options: Options): Refusal | undefined {
  const accepted = schemas.accepts[verb.name] ?? ['id'];
  const unknown = Object.keys(options).find((name) => !accepted.includes(name) && !verb.alsoAccepts?.includes(name));
  return unknown === undefined
    ? undefined
    : refuse('verb-option', `${verb.name} has no such option`, { path: unknown });
}

function toStep(verb: VerbDefinition<Options>, options: Options, where: string): Step {
  const { audio } = verb;
  const strange = strangePaths(verb.name, options).map((path) => joinPath(where, path));
  return {
    name: verb.name,
    id: options.id,
    options,
    ...(strange.length > 0 && { strange }),
    needs: typeof verb.needs === 'function' ? verb.needs(options) : verb.needs,
    earlyMedia: wantsEarlyMedia(options),
    audible: audio !== undefined || isObject(options.say) || isObject(options.play),
    ...(audio && { audio: (call) => audio.call(verb, options, call) }),
    run: async (run) => void (await verb.run(options, run)),
  };
}

/** `earlyMedia` on the verb, or on the prompt nested in it (verbs.md 1.5). */
function wantsEarlyMedia(options: Options): boolean {
  const nested = options.say ?? options.play;
  return options.earlyMedia === true || (isObject(nested) && nested.earlyMedia === true);
}

const joinPath = (base: string, path: string): string => (path.startsWith('[') ? base + path : `${base}.${path}`);
