// Environment variables of an application: asked of the application itself, and values checked against what it says.
import type { HttpClient, Refusal } from '../base/index.ts';
import { appEnvBytes, appEnvMs } from './limits.ts';
import { bad } from './problem.ts';

interface EnvVariable {
  type: 'string' | 'number' | 'boolean';
  description: string;
  required?: boolean;
  enum?: unknown[];
}
export type EnvSchema = Record<string, EnvVariable>;
export type EnvValues = Record<string, string | number | boolean>;

/** OPTIONS on the hook, ws as http. Undefined when the application says nothing (also when it cannot be reached); a refusal when what it says is no schema. */
export async function fetchEnvSchema(url: string, http: HttpClient): Promise<EnvSchema | undefined | Refusal> {
  let said: unknown;
  try {
    const response = await http({
      method: 'OPTIONS',
      url: url.replace(/^ws/i, 'http').replace(/#.*$/, ''),
      headers: { accept: 'application/json' },
      timeoutMs: appEnvMs,
      maxBodyBytes: appEnvBytes,
      maxRedirects: 0,
    });
    if (response.status !== 200 || response.body.length === 0) return undefined;
    said = JSON.parse(new TextDecoder().decode(response.body));
  } catch {
    return undefined;
  }
  return isEnvSchema(said) ? said : bad('Invalid appenv schema', 'url');
}

function isEnvSchema(value: unknown): value is EnvSchema {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  return entries.length > 0 && entries.every(([name, each]) => /^[a-zA-Z0-9_]+$/.test(name) && isEnvVariable(each));
}

const isEnvVariable = (value: unknown): boolean =>
  isObject(value) &&
  ['string', 'number', 'boolean'].includes(value.type as string) &&
  typeof value.description === 'string' &&
  (value.required === undefined || typeof value.required === 'boolean') &&
  (value.enum === undefined || Array.isArray(value.enum));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names outside the schema are accepted, as the contract says. */
export function envValuesRefusal(values: EnvValues, schema: EnvSchema): Refusal | undefined {
  for (const [name, variable] of Object.entries(schema)) {
    const path = `env_vars.${name}`;
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) {
      if (variable.required) return bad(`Missing required value ${path}`, path);
      continue;
    }
    if (typeof value !== variable.type || (variable.enum && !variable.enum.includes(value)))
      return bad(`Invalid value/type for ${path}`, path);
  }
  return undefined;
}
