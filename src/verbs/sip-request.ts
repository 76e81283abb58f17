// sip:request: a request inside the call's dialog; the hook hears the far end's answer.
import type { HookInput } from '../apps/index.ts';
import { errorText, refuse } from '../base/index.ts';
import { longestBody, ownMethods } from '../calls/index.ts';
import { defineVerb } from './define.ts';
import { headersRefusal, headerText } from './headers.ts';

interface Options {
  method: string;
  body?: string;
  headers?: Record<string, string | number>;
  actionHook?: HookInput;
}

export const sipRequest = defineVerb<Options>({
  name: 'sip:request',
  example: { method: 'INFO', body: 'x', actionHook: '/done' },
  needs: 'stable',
  check({ method, body = '', headers }) {
    if (!/^[A-Za-z]{2,20}$/.test(method)) return refuse('verb-option', 'must be a SIP method', { path: 'method' });
    if (ownMethods.has(method.toUpperCase()))
      return refuse('verb-option', `${method} is not an application's to send`, { path: 'method' });
    if (body.length > longestBody)
      return refuse('verb-option', `must be at most ${longestBody} characters`, { path: 'body' });
    return headersRefusal(headers);
  },
  async run({ method, body, headers, actionHook }, run) {
    const extra = headerText(headers);
    const contentType = Object.entries(extra).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
    const content = body === undefined ? undefined : { contentType: contentType ?? 'text/plain', content: `${body}\n` };
    const others = Object.fromEntries(Object.entries(extra).filter(([name]) => name.toLowerCase() !== 'content-type'));
    try {
      const response = await run.call.leg.request(method.toUpperCase(), content, others);
      await run.hook(actionHook, { result: 'success', sipStatus: response.status });
    } catch (error) {
      await run.hook(actionHook, { result: 'failed', err: errorText(error) });
    }
  },
});
