// The connection below a socket: made when asked, with retries, and made again after a loss, with growing waits (app-interfaces.md 4.1, 4.7).
import type { Fault, Timer, WsConnection } from '../base/index.ts';
import type { Conversation } from './context.ts';
import { hookFault } from './faults.ts';
import { basicAuth, type ParsedHook, wireUrl } from './hook.ts';
import { maxReconnectTries, maxUnreadBytes, minPingIntervalMs } from './limits.ts';
import { type RetryRule, retryDelay, retryRule, wantsRetry } from './retry.ts';

const subprotocol = 'ws.jambonz.org';
const defaultRetries = 5;
const maxUpgradeRedirects = 2;

export interface LinkOwner {
  onOpen(): void;
  onMessage(data: string | Uint8Array): void;
  /** The connection is gone, by the application or by the network; nothing is done about it unless `reconnect` is called. */
  onDown(code: number, reason: string): void;
  /** The last try failed. */
  onFailed(fault: Fault): void;
}

export class Link {
  readonly url: string;
  readonly #talk: Conversation;
  readonly #hook: ParsedHook;
  readonly #owner: LinkOwner;
  readonly #rule: RetryRule;
  readonly #stop = new AbortController();
  #connection: WsConnection | undefined;
  #timer: Timer | undefined;
  #made = 0;

  constructor(talk: Conversation, hook: ParsedHook, owner: LinkOwner) {
    this.url = wireUrl(hook.url);
    this.#talk = talk;
    this.#hook = hook;
    this.#owner = owner;
    this.#rule = retryRule(hook.url, defaultRetries);
  }

  /** True while another connection may be made after this one: `rc` bounds how many there may be. */
  get mayReconnect(): boolean {
    return this.#made < this.#rule.count;
  }

  /** Connects now, and again as the retry options say. */
  connect(): void {
    void this.#try(1, (attempt, fault) => attempt <= this.#rule.count && wantsRetry(this.#rule, fault));
  }

  /** Connects after a wait, and again for as long as the server cannot be reached; a server that refuses the upgrade means it. */
  reconnect(): void {
    const again = (attempt: number, fault: Fault): boolean =>
      attempt < maxReconnectTries && (fault.detail.status === undefined || wantsRetry(this.#rule, fault));
    this.#later(retryDelay(1), () => this.#try(1, again, 1));
  }

  send(text: string): void {
    const connection = this.#connection;
    if (!connection) return;
    connection.send(text);
    if (connection.bufferedBytes <= maxUnreadBytes) return;
    // In a later turn: the owner is in the middle of sending.
    this.#talk.clock.soon(() => {
      if (this.#connection !== connection) return;
      connection.close(1008);
      this.#down(1008, 'the application does not read its messages');
    });
  }

  /** Nothing is reported afterwards. */
  close(code: number, reason = ''): void {
    this.#stop.abort();
    this.#timer?.cancel();
    const connection = this.#connection;
    if (!connection) return;
    this.#forget(code, reason);
    connection.close(code, reason);
  }

  /** `ahead`: how many waits came before the first try. */
  async #try(attempt: number, again: (attempt: number, fault: Fault) => boolean, ahead = 0): Promise<void> {
    const { network, settings } = this.#talk;
    try {
      const connection = await network.ws({
        url: this.url,
        protocols: [subprotocol],
        headers: { ...(settings.userAgent && { 'user-agent': settings.userAgent }), ...basicAuth(this.#hook) },
        handshakeTimeoutMs: settings.wsHandshakeTimeoutMs,
        maxRedirects: maxUpgradeRedirects,
        maxMessageBytes: settings.wsMaxMessageBytes,
        ...(settings.wsPingIntervalMs > minPingIntervalMs && { pingIntervalMs: settings.wsPingIntervalMs }),
        signal: this.#stop.signal,
      });
      if (this.#stop.signal.aborted) connection.close(1000);
      else this.#up(connection);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const fault = hookFault(error);
      const retryInMs = again(attempt, fault) ? retryDelay(attempt + ahead) : undefined;
      this.#talk.emit({ type: 'socket-failed', url: this.url, fault, attempt, ...(retryInMs && { retryInMs }) });
      if (retryInMs === undefined) this.#owner.onFailed(fault);
      else this.#later(retryInMs, () => this.#try(attempt + 1, again, ahead));
    }
  }

  #later(ms: number, run: () => Promise<void>): void {
    this.#timer = this.#talk.clock.after(ms, () => void run());
  }

  #up(connection: WsConnection): void {
    this.#connection = connection;
    connection.onMessage = (data) => {
      if (this.#connection === connection) this.#owner.onMessage(data);
    };
    connection.onClose = (code, reason) => {
      if (this.#connection === connection) this.#down(code, reason);
    };
    this.#talk.counters.sockets++;
    this.#talk.emit({ type: 'socket-opened', url: this.url, reconnect: this.#made > 0 });
    this.#made++;
    this.#owner.onOpen();
  }

  #down(code: number, reason: string): void {
    this.#forget(code, reason);
    this.#owner.onDown(code, reason);
  }

  #forget(code: number, reason: string): void {
    this.#connection = undefined;
    this.#talk.counters.sockets--;
    this.#talk.emit({ type: 'socket-closed', url: this.url, code, reason });
  }
}
