// sip:refer: asks the far end to call somebody else (RFC 3515); the hooks hear what comes of it (verbs.md 12.1).
import type { HookInput } from '../apps/index.ts';
import { errorText, isFault, isRefusal, type Refusal, refuse } from '../base/index.ts';
import { addressAt, type Call } from '../calls/index.ts';
import { defineVerb } from './define.ts';
import { headersRefusal, headerText } from './headers.ts';

interface Options {
  referTo: string;
  referredBy?: string;
  referredByDisplayName?: string;
  headers?: Record<string, string | number>;
  actionHook?: HookInput;
  eventHook?: HookInput;
}

export const sipRefer = defineVerb<Options>({
  name: 'sip:refer',
  example: { referTo: 'sip:carol@example.com', actionHook: '/done' },
  needs: 'stable',
  check(options): Refusal | undefined {
    for (const name of ['referTo', 'referredBy'] as const) {
      const address = options[name] === undefined ? '' : addressAt(options[name], 'example.com');
      if (isRefusal(address)) return refuse('verb-option', address.reason, { path: name });
    }
    return headersRefusal({ ...options.headers, by: options.referredByDisplayName ?? '' });
  },
  async run(options, run) {
    const { call, scope } = run;
    const { actionHook, eventHook } = options;
    const headers = headersOf(options, call);
    const note = (what: string, fields: Record<string, unknown> = {}): void =>
      call.events.append('refer', { what, ...fields });
    note('sent', { to: headers['Refer-To'] });
    const refer = call.leg.refers.send(headers, ({ status, reason }) => {
      if (status > 0) note('progress', { status, reason });
      if (status > 0) run.tell(eventHook, { event: 'transfer-status', callStatus: status });
    });
    const forget = scope.defer(() => refer.stop());
    try {
      const { status, reason } = await refer.answered;
      if (status >= 300) note('refused', { status, reason });
      // The far end usually hangs up when it is done, and this verb ends with the call: its hook hears what is known then.
      const outcome = status < 300 ? await refer.outcome : undefined;
      if (status < 300 && !outcome && !scope.closed) note('silent');
      await run.hook(actionHook, {
        referStatus: status < 300 ? 202 : status,
        ...(outcome !== undefined && { finalReferredCallStatus: outcome.status }),
      });
    } catch (error) {
      await run.hook(actionHook, { referStatus: (isFault(error) && error.sip) || 500, err: errorText(error) });
    } finally {
      forget();
      refer.stop();
    }
  },
});

/** verbs.md 12.1: a bare number or user belongs to the far end's host; who refers is the calling number unless said. */
function headersOf(
  { referTo, referredBy, referredByDisplayName, headers }: Options,
  call: Call,
): Record<string, string> {
  const host = call.leg.refers.remoteHost;
  const by = addressAt(referredBy ?? call.facts.from, host);
  const to = addressAt(referTo, host);
  if (isRefusal(to)) throw new Error(`bug: referTo ${to.reason}`);
  const named =
    referredByDisplayName === undefined || isRefusal(by) ? by : `${JSON.stringify(referredByDisplayName)} ${by}`;
  return { ...headerText(headers), 'Refer-To': to, ...(!isRefusal(named) && { 'Referred-By': named }) };
}
