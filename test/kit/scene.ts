// Scenes for scenario tests: a stage with one application whose answers are given by path, and what it was sent.
import assert from 'node:assert/strict';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { appOrigin, Stage, type StageOptions } from '../../src/rehearsal/stage.ts';
import type { Application } from '../../src/store/index.ts';

export type Json = Record<string, unknown>;
type Reply = unknown[] | Json | undefined | { status: number; body?: unknown };

export interface Hook {
  path: string;
  at: number;
  body: Json;
}

export interface Scene {
  stage: Stage;
  app: Application;
  /** Everything the application was sent, in order. */
  hooks: Hook[];
  /** Bodies sent to one path. */
  sentTo(path: string): Json[];
  statuses(): string[];
  /** Calls the application and waits until it is answered. */
  dial(headers?: Record<string, string>): Promise<PhoneCall>;
  update(
    call: PhoneCall,
    body: Json,
    wait?: boolean,
  ): Promise<{ status: number; reason?: string; body?: Json; path?: string }>;
  /** As `update`, without turning the clock: for what comes while it waits. */
  updating: Scene['update'];
  run(ms: number): Promise<void>;
  /** Ends the stage; nothing may be left open. */
  end(): Promise<void>;
}

const json = { 'content-type': 'application/json' };

export async function scene(
  replies: Record<string, Reply | ((body: Json) => Reply | Promise<Reply>)>,
  options: Partial<StageOptions> = {},
): Promise<Scene> {
  const stage = await Stage.open({ seed: 1, ...options });
  const hooks: Hook[] = [];
  stage.net.serveHttp(appOrigin, async (request) => {
    const body = request.method === 'POST' ? (request.json() as Json) : Object.fromEntries(request.url.searchParams);
    const path = request.url.pathname;
    hooks.push({ path, at: stage.clock.now(), body });
    const given = replies[path];
    const reply = typeof given === 'function' ? await given(body) : given;
    if (reply === undefined) return { status: 200 };
    if (!Array.isArray(reply) && typeof (reply as Json).status === 'number')
      return { status: (reply as { status: number }).status };
    return { body: JSON.stringify(reply), headers: json };
  });
  const hook = (path: string) => ({ url: appOrigin + path, method: 'POST', username: null, password: null });
  const app = await stage.application({ call_hook: hook('/'), call_status_hook: hook('/status') });
  const phone = await stage.phone();
  const dial = async (headers: Record<string, string> = {}): Promise<PhoneCall> => {
    const call = await phone.call(stage.uriOf(app), { headers });
    await stage.clock.settle(call.answered, 40_000);
    return call;
  };
  const updating: Scene['update'] = async (call, body, wait = false) => {
    const outcome = await stage.house.calls.update(stage.account.account_sid, sidOf(call), body, { wait });
    if (!('refused' in outcome)) return outcome;
    const { http = 422, reason, path } = outcome;
    return { status: http, reason, ...(path !== undefined && { path }) };
  };
  return {
    stage,
    app,
    hooks,
    dial,
    updating,
    sentTo: (path) => hooks.filter((h) => h.path === path).map((h) => h.body),
    statuses: () => hooks.filter((h) => h.path === '/status').map((h) => String(h.body.call_status)),
    update: (call, body, wait) => stage.clock.settle(updating(call, body, wait)),
    run: (ms) => stage.clock.runFor(ms),
    async end() {
      assert.deepEqual(await stage.close(), {
        udp: 0,
        tcpListeners: 0,
        tcpConnections: 0,
        web: 0,
        timers: 0,
        scopes: 0,
      });
    },
  };
}

export const sidOf = (call: PhoneCall): string => call.finalResponse?.header('X-Call-Sid') ?? '';

/** A tone that goes on. */
export const toneUrl = (hz: number, ms = 60_000): string => `tone_stream://%(${ms},0,${hz})`;
