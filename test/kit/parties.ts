// Parties: the real program, a webhook application and independent phones that each sing a tone of their own.
import assert from 'node:assert/strict';
import { type Hooks, openHooks } from './hooks.ts';
import { type Program, type Reply, startProgram } from './program.ts';
import { Ua, type UaCall } from './ua/ua.ts';
import { until } from './until.ts';

/** What each party sings, Hz. Far enough apart for one packet to tell them from each other. */
export const song = { alice: 400, bob: 700, carol: 1_000, dave: 1_300 } as const;
export type Name = keyof typeof song;

export interface Bridged {
  alice: UaCall;
  bob: UaCall;
  /** Of the caller, and of the dialled child. */
  aliceSid: string;
  bobSid: string;
}

export class Parties {
  readonly program: Program;
  readonly hooks: Hooks;
  readonly #phones = new Map<Name, Ua>();

  /** With data of an earlier run when its folder is given, which stays. */
  static async open(env: Record<string, string> = {}, dataDir?: string): Promise<Parties> {
    const program = await startProgram({ env, ...(dataDir !== undefined && { dataDir }) });
    return new Parties(program, await openHooks({}));
  }

  private constructor(program: Program, hooks: Hooks) {
    this.program = program;
    this.hooks = hooks;
  }

  async phone(name: Name): Promise<Ua> {
    const known = this.#phones.get(name);
    if (known) return known;
    const ua = await Ua.open('udp', this.program.sipPort);
    ua.onInvite = (call) => {
      call.rtp.sing(song[name]);
      call.answerCall();
    };
    this.#phones.set(name, ua);
    return ua;
  }

  /** `name` calls an application that answers so; it sings from the beginning. */
  async call(name: Name, replies: Hooks['replies']): Promise<UaCall> {
    Object.assign(this.hooks.replies, replies);
    const ua = await this.phone(name);
    const call = await ua.dial(`app-${await this.program.application(this.hooks)}`);
    call.rtp.sing(song[name]);
    await until(() => call.finalStatus, { what: 'a final response to INVITE' });
    assert.equal(call.finalStatus, 200, call.reason);
    return call;
  }

  /** Alice is bridged to Bob by a dial with these options; `after` follows the dial. */
  async bridged(options: Record<string, unknown> = {}, after: readonly unknown[] = []): Promise<Bridged> {
    const callee = await this.phone('bob');
    const before = callee.calls.length;
    const alice = await this.call('alice', {
      '/': [
        { verb: 'dial', target: [{ type: 'sip', sipUri: callee.contact }], actionHook: '/dialled', ...options },
        ...after,
      ],
    });
    const bob = await until(() => callee.calls[before], { what: 'a call to Bob' });
    await until(() => bob.finalStatus, { what: "Bob's answer" });
    return { alice, bob, aliceSid: alice.callSid, bobSid: bob.callSid };
  }

  /** An update that must act. */
  async update(sid: string, body: Record<string, unknown>, wait = false): Promise<Reply> {
    const reply = await this.program.update(sid, body, wait);
    assert.ok(reply.status === 202 || reply.status === 200, `${JSON.stringify(body)}: ${JSON.stringify(reply)}`);
    return reply;
  }

  /** Of phones and application; the program is stopped, killed or gone already. */
  async leave(): Promise<void> {
    for (const ua of this.#phones.values()) ua.close();
    await this.hooks.close();
  }

  async close(): Promise<void> {
    await this.leave();
    await this.program.end();
  }
}
