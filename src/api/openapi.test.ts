// The OpenAPI document: committed, generated from the routes, and sound.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
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
