// For this room's tests: a conversation with a scripted HTTP application on the virtual clock.
import { Fault, type HttpRequest, type Network, silentLog } from '../base/index.ts';
import { seededRandom, VirtualClock } from '../base/sim/index.ts';
import { type AppEvent, type AppSession, type AppSessionOptions, type AppsSettings, createApps } from './index.ts';

export interface Answer {
  status: number;
  contentType: string;
  body: string;
  afterMs?: number;
}

export const text = (body: string, status = 200, contentType = 'text/plain'): Answer => ({ status, contentType, body });
export const json = (value: unknown, status = 200): Answer => text(JSON.stringify(value), status, 'application/json');

export type Served = HttpRequest & { at: number };

export interface Talk {
  session: AppSession;
  events: AppEvent[];
}

export function stage(serve: (request: Served) => Answer | string, settings: Partial<AppsSettings> = {}) {
  const clock = new VirtualClock();
  const served: Served[] = [];
  const http: Network['http'] = (request) =>
    new Promise((resolve, reject) => {
      const seen = { ...request, at: clock.now() };
      served.push(seen);
      const answer = serve(seen);
      request.signal?.addEventListener('abort', () => reject(new Fault('http-aborted', 'aborted')));
      if (typeof answer === 'string') return reject(new Fault(answer, answer));
      const headers = { 'content-type': answer.contentType };
      const response = {
        status: answer.status,
        headers,
        body: new TextEncoder().encode(answer.body),
        url: request.url,
      };
      if (!answer.afterMs) return resolve(response);
      return clock.after(answer.afterMs, () => resolve(response));
    });
  const network = { http } as Network;
  const apps = createApps({ clock, random: seededRandom('apps'), network, log: silentLog, settings });
  const talk = (options: Partial<AppSessionOptions> = {}): Talk => {
    const session = apps.open({
      callSid: 'call-1',
      callHook: 'https://app.test/call',
      webhookSecret: 'wh_secret',
      outbound: false,
      ...options,
    });
    const events: AppEvent[] = [];
    session.onEvent = (event) => events.push(event);
    return { session, events };
  };
  return { clock, served, apps, talk };
}
