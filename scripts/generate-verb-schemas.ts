// Compiles the JSON schemas of our verbs (@jambonz/schema) into code that loads in milliseconds: src/verbs/generated/schemas.cjs.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import { verbs } from '../src/verbs/index.ts';

const root = dirname(createRequire(import.meta.url).resolve('@jambonz/schema/package.json'));
const target = new URL('../src/verbs/generated/schemas.cjs', import.meta.url);

interface Schema {
  $id: string;
  properties: Record<string, unknown>;
}

function load(folder: string, name: string): Schema {
  return JSON.parse(readFileSync(join(root, folder, name), 'utf8'));
}

/** File of a verb in the package: "sip:decline" stands in sip-decline. */
const fileOf = (verb: string): string => `${verb.replace(':', '-')}.schema.json`;

/** What a value may have in it: names and what they may have; a name of such a thing; or 0 for anything. Of a list, its items. */
type Known = { [name: string]: Known } | string | 0;

/** Objects that the schemas leave open where a verb's options stand; what stands there beside the verb's own. */
const nestedVerbs = new Map(
  Object.entries({ say: 'say', play: 'play', listen: 'listen', stream: 'listen', transcribe: 'transcribe' }),
);
const besideNestedVerb = { verb: 0, enable: 0, channel: 0, scope: 0 } as const;

/** What is taken beyond the schemas, by component, or by verb and option. */
const alsoTaken: Record<string, Record<string, Known>> = {
  actionHook: { username: 0, password: 0, webhook_sid: 0 },
  actionHookDelayAction: { enable: 0 },
  target: { auth: { username: 0, password: 0 }, proxy: 0, timeout: 0 },
  // A gather in the background (verbs.md 9.1).
  'config.bargeIn': Object.fromEntries(
    'finishOnKey numDigits minDigits maxDigits interDigitTimeout timeout bargein dtmfBargein listenDuringPrompt partialResultHook speechTimeout'
      .split(' ')
      .map((name) => [name, 0 as const]),
  ),
};

type Node = Record<string, unknown>;

/** Names that may stand inside a verb's options: schemas leave most objects open, so validators do not tell. */
class KnownNames {
  /** Of components by name, and of verbs nested in others by `nested <name>`. */
  readonly shared: Record<string, Known> = {};
  /** By name: components, and verbs. */
  readonly #schemas: Map<string, Node>;

  constructor(schemas: Map<string, Node>) {
    this.#schemas = schemas;
  }

  of(schema: Node): Known {
    if (typeof schema.$ref === 'string') return this.#share(schema.$ref.split('/').at(-1)!);
    const choices = schema.oneOf ?? schema.anyOf;
    if (choices) return this.#any(choices as Node[]);
    if (schema.items) return this.of(schema.items as Node);
    const properties = schema.properties as Record<string, Node> | undefined;
    if (schema.type !== 'object' || !properties) return 0;
    return Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [name, this.#nestedVerb(name, one) ?? this.of(one)]),
    );
  }

  /** Of a verb's options, each. */
  inVerb(verb: string, schema: Node): Known {
    const known = this.of(schema);
    if (typeof known !== 'object') return known;
    const taken = Object.entries(known).map(([name, one]): [string, Known] => {
      const more = alsoTaken[`${verb}.${name}`];
      return [name, more && typeof one === 'object' ? { ...one, ...more } : one];
    });
    return Object.fromEntries(taken);
  }

  #share(name: string, key = name, more: Record<string, Known> = alsoTaken[name] ?? {}): Known {
    if (this.shared[key] === undefined) {
      // One that has itself in it ends here.
      this.shared[key] = 0;
      const known = this.of(this.#schemas.get(name)!);
      this.shared[key] = typeof known === 'object' ? { ...known, ...more } : known;
    }
    return typeof this.shared[key] === 'object' ? key : 0;
  }

  /** The one kind of object that it can be; of several, anything. */
  #any(choices: Node[]): Known {
    const objects = choices.filter((one) => one.$ref !== undefined || one.items !== undefined || one.type === 'object');
    const known = new Set(objects.map((one) => this.of(one)));
    return known.size === 1 ? [...known][0]! : 0;
  }

  #nestedVerb(name: string, schema: Node): Known | undefined {
    const verb = nestedVerbs.get(name);
    const kinds = [schema, ...((schema.oneOf as Node[] | undefined) ?? [])].filter((one) => one.type === 'object');
    if (verb === undefined || !kinds.some((one) => one.properties === undefined)) return undefined;
    return this.#share(verb, `nested ${verb}`, besideNestedVerb);
  }
}

/** The code, and what a verb accepts by name. */
function generate(): string {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: false,
    validateSchema: false,
    logger: false,
    code: { source: true, lines: true },
  });
  const all = new Map<string, Node>();
  // Verbs stand in verbs.
  for (const folder of ['components', 'verbs'])
    for (const name of readdirSync(join(root, folder))) {
      const schema = load(folder, name);
      ajv.addSchema(schema);
      all.set(name.replace('.schema.json', ''), { ...schema });
    }
  const names = new KnownNames(all);
  const ids: Record<string, string> = {};
  const accepts: Record<string, string[]> = {};
  const inside: Record<string, Known> = {};
  for (const { name } of verbs) {
    // A verb of our own has no schema in the package; its check() is all there is.
    if (!existsSync(join(root, 'verbs', fileOf(name)))) continue;
    const schema = load('verbs', fileOf(name));
    ids[name] = schema.$id;
    accepts[name] = Object.keys(schema.properties);
    inside[name] = names.inVerb(name, { ...schema });
  }
  const known = readdirSync(join(root, 'verbs')).map((file) =>
    file.replace('.schema.json', '').replace(/^sip-/, 'sip:'),
  );
  const code = (standalone as unknown as { default: (a: Ajv2020, refs: Record<string, string>) => string }).default(
    ajv,
    ids,
  );
  return [
    '// Generated by scripts/generate-verb-schemas.ts from @jambonz/schema (MIT). Do not edit.',
    code,
    `exports.inside = ${JSON.stringify({ ...names.shared, ...inside })};`,
    `exports.accepts = ${JSON.stringify(accepts)};`,
    `exports.known = ${JSON.stringify(known)};`,
    '',
  ].join('\n');
}

const text = generate();
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('src/verbs/generated/schemas.cjs is stale: run npm run golden');
    process.exit(1);
  }
} else writeFileSync(target, text);
