// Payload examples: what is committed is what we send, and it is what the published callback schemas describe.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { payloads } from './index.ts';

const root = new URL('../../../', import.meta.url).pathname;
const golden = join(root, 'test/golden/payloads');
const published = join(dirname(createRequire(import.meta.url).resolve('@jambonz/schema/package.json')), 'callbacks');
const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

/** The schema of each payload (recording:status is ours); "base" where the package has none of its own. */
const schemaOf: Record<Exclude<keyof typeof payloads, 'recording-status'> | 'amd-tone', string> = {
  base: 'base',
  'session-new-inbound': 'session-new',
  'session-new-outbound': 'session-new',
  'session-redirect': 'session-redirect',
  'session-adulting': 'base',
  'call-status': 'call-status',
  amd: 'amd',
  'amd-tone': 'amd',
};

const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
for (const file of readdirSync(published)) ajv.addSchema(read(join(published, file)));

test('the committed examples are what is sent', () => {
  const script = join(root, 'scripts/generate-payload-examples.ts');
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

describe('the published schema describes', () => {
  for (const [name, schema] of Object.entries(schemaOf)) {
    test(`${name} (${schema})`, () => {
      const id = `https://jambonz.org/schema/callbacks/${schema}`;
      const validate = ajv.getSchema(id)!;
      const example = read(join(golden, `${name}.json`));
      assert.ok(validate(example), JSON.stringify(validate.errors));
      assert.equal(validate({ ...example, sip_status: 'text' }), false);
    });
  }
});

/** Named by a schema but never sent, each with its reason. */
const unsent: Record<string, string> = {};

test('every field a schema names is in an example', () => {
  const sent = new Set(Object.keys(schemaOf).flatMap((name) => Object.keys(read(join(golden, `${name}.json`)))));
  const missing = Object.values(schemaOf)
    .flatMap((schema) => Object.keys(read(join(published, `${schema}.schema.json`)).properties))
    .filter((field) => !sent.has(field) && !unsent[field]);
  assert.deepEqual(missing, []);
});
