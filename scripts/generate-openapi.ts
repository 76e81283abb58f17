// Writes the OpenAPI document of the REST API: test/golden/openapi.json. With --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { openapiText } from '../src/api/index.ts';

const file = new URL('../test/golden/openapi.json', import.meta.url);
const text = await openapiText();
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('test/golden/openapi.json is stale: run npm run golden');
  process.exitCode = 1;
}
