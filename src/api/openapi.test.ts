// The OpenAPI document: committed, generated from the routes, and sound.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { commandSurface } from '../commands/index.ts';
import { openapiText } from './http.ts';
import { resources } from './resources/index.ts';

const text = await openapiText();
const document = JSON.parse(text);

test('test/golden/openapi.json is what the routes say (npm run golden)', () => {
  assert.equal(readFileSync(new URL('../../test/golden/openapi.json', import.meta.url), 'utf8'), text);
});

test('every route is documented once, under its own operation', () => {
  const documented = Object.values(document.paths as Record<string, Record<string, { operationId: string }>>).flatMap(
    (path) => Object.values(path).map((operation) => operation.operationId),
  );
  const routes = resources.flatMap((resource) => resource.routes);
  assert.equal(documented.length, routes.length);
  assert.equal(new Set(documented).size, routes.length);
});

test('paths are below /v1 and their parameters are named', () => {
  for (const [path, operations] of Object.entries(
    document.paths as Record<string, Record<string, { parameters?: { name: string; in: string }[] }>>,
  )) {
    assert.match(path, /^\/v1\//);
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    for (const operation of Object.values(operations)) {
      const inPath = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'path')
        .map((each) => each.name);
      assert.deepEqual(inPath.sort(), named.sort());
    }
  }
});

test('every field of an update is documented, with an example that its own schema takes, and its answers', () => {
  const { put, post } = document.paths['/v1/Accounts/{account_sid}/Calls/{call_sid}'];
  assert.deepEqual(put.requestBody, post.requestBody);
  const { schema, examples } = put.requestBody.content['application/json'];
  const fields = commandSurface().flatMap(({ rest, companions }) => [rest, ...((companions as string[]) ?? [])]);
  assert.deepEqual(
    Object.keys(schema.properties).sort(),
    [...new Set(fields)].filter((one) => one !== undefined).sort(),
  );
  const validate = new Ajv2020({ strict: false }).compile(schema);
  const bodies = Object.values(examples as Record<string, { value: unknown }>).map(({ value }) => value);
  assert.ok(bodies.length > 15);
  for (const example of bodies) assert.ok(validate(example), JSON.stringify([example, validate.errors]));
  assert.ok(!validate({ nonsense: 1 }));
  assert.deepEqual(Object.keys(put.responses), ['200', '202', '4XX']);
});
