// A hook in a command: a URL, absolute or relative, or an object with its method and credentials.

import { isObject, type Refusal } from '../base/index.ts';
import type { HookInput } from '../calls/index.ts';
import { badValue } from './refusals.ts';

export const hookSchema = {
  title: 'a hook',
  oneOf: [
    { type: 'string', minLength: 1 },
    {
      type: 'object',
      required: ['url'],
      properties: {
        url: { type: 'string' },
        method: { type: 'string', enum: ['GET', 'POST', 'WS'] },
        username: { type: 'string', nullable: true },
        password: { type: 'string', nullable: true },
        basicAuth: {
          type: 'object',
          required: ['username', 'password'],
          properties: { username: { type: 'string' }, password: { type: 'string' } },
        },
        webhook_sid: { type: 'string', description: 'as hooks of applications carry it; not used' },
      },
    },
  ],
};

export function readHook(value: unknown): HookInput | Refusal {
  if (typeof value === 'string') return isHookUrl(value) ? value : badUrl();
  if (!isObject(value)) return badValue('must be a URL or an object with a url');
  const { url, method = 'POST' } = value;
  if (typeof url !== 'string' || !isHookUrl(url)) return badUrl('url');
  if (typeof method !== 'string' || !/^(get|post|ws)$/i.test(method)) return badValue('must be GET or POST', 'method');
  const inside = isObject(value.basicAuth) ? 'basicAuth' : undefined;
  const credentials = inside === undefined ? value : (value.basicAuth as Record<string, unknown>);
  for (const name of ['username', 'password'])
    if (!['string', 'undefined'].includes(typeof (credentials[name] ?? undefined)))
      return badValue('must be text', inside === undefined ? name : `${inside}.${name}`);
  const { username, password } = credentials;
  return {
    url,
    method,
    ...(typeof username === 'string' && { username }),
    ...(typeof password === 'string' && { password }),
  };
}

const badUrl = (path?: string): Refusal =>
  badValue('must be an absolute http, https, ws or wss URL, or a path that begins with /', path);

function isHookUrl(text: string): boolean {
  return text.startsWith('/') || (/^(https?|wss?):\/\//i.test(text) && URL.canParse(text));
}
