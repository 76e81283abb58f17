// What the apps room offers: a conversation with the customer's application, over webhooks or a WebSocket.
import type { Fault } from '../base/index.ts';

export type HookMethod = 'GET' | 'POST';

/** A hook after normalisation. `url` may be relative ("/x"): then it belongs to the application's own server. */
export interface Hook {
  url: string;
  method: HookMethod;
  username?: string;
  password?: string;
}

/** Hook as it is written: a URL, or an object with url, method, username, password (or basicAuth {username, password}). */
export type HookInput =
  | string
  | {
      url: string;
      method?: string;
      username?: string;
      password?: string;
      basicAuth?: { username: string; password: string };
    };

/** app-interfaces.md 3.1. Those that expect an answer. */
export type RequestType = 'session:new' | 'session:redirect' | 'session:adulting' | 'dial:confirm' | 'verb:hook';
/** Those that expect none. */
export type NoticeType = 'call:status' | 'recording:status' | 'verb:status' | 'jambonz:error';

/** Everything that is sent; `session:reconnect` takes up a conversation after a loss (4.7). */
export type HookType = RequestType | NoticeType | 'session:reconnect';

export type Payload = Record<string, unknown>;

/** A `command` message, its envelope checked, its meaning not. */
export interface AppCommand {
  command: string;
  data: unknown;
  queueCommand: boolean;
  callSid: string | undefined;
  toolCallId: string | undefined;
}

/** What happened in the conversation, for the call's event log and alerts. */
export type AppEvent =
  | { type: 'hook-sent'; hook: HookType; url: string; attempt: number; msgid?: string }
  | {
      type: 'hook-answered';
      hook: HookType;
      url: string;
      status?: number;
      elapsedMs: number;
      verbs: number | undefined;
      /** What was answered and is not read: why. */
      unread?: string;
      msgid?: string;
    }
  | {
      type: 'hook-failed';
      hook: HookType;
      url: string;
      fault: Fault;
      elapsedMs: number;
      /** Set when the hook's retry options make another try follow. */
      retryInMs?: number;
      msgid?: string;
    }
  | { type: 'socket-opened'; url: string; reconnect: boolean }
  | { type: 'socket-failed'; url: string; fault: Fault; attempt: number; retryInMs?: number }
  | { type: 'socket-closed'; url: string; code: number; reason: string }
  | { type: 'message-refused'; details: string; content: string }
  | { type: 'alert'; alert: string; detail: string; url?: string };

export interface AppSessionOptions {
  callSid: string;
  /** The application's call_hook; method 'WS' or a ws(s) URL makes it a WebSocket application. */
  callHook: HookInput;
  /** Where call statuses go for an HTTP application (or for a WebSocket one created by REST with a different status hook). */
  statusHook?: HookInput;
  /** HMAC key. */
  webhookSecret: string;
  /** True for a call created by REST: statuses may open the socket before session:new (live-call-control.md 7.8). */
  outbound: boolean;
  /** 32 hex digits when the call is traced: requests and messages then carry a `b3` value. */
  traceId?: string;
}

export interface AskOptions {
  rebase?: boolean;
  /** Asked for somebody else (a dialled leg): the conversation stays where it is, whatever the hook. */
  aside?: boolean;
  signal?: AbortSignal;
}

/** The conversation of one call with its application. All payloads come in camelCase and leave in snake_case (app-interfaces.md 1.3). */
export interface AppSession {
  /** Changes when a redirect hands the call over. */
  readonly kind: 'http' | 'ws';
  /**
   * Sends a hook and resolves with the JSON of the answer (usually a verb array), undefined when empty.
   * Rejects with a Fault: `hook-status` (detail.status), `hook-timeout`, `hook-connect`, `hook-json`, `hook-too-large`,
   * `hook-invalid` (the hook itself is malformed), `hook-closed`; with the signal's reason when aborted.
   * `hook` undefined: the application's call_hook. A `session:redirect` may hand the conversation over (1.1, 3.9);
   * `rebase` (redirect verb only) makes an absolute URL's origin the base of later relative hooks; `aside` hands nothing over.
   */
  request(type: RequestType, hook: HookInput | undefined, payload: Payload, options?: AskOptions): Promise<unknown>;
  /** Sends and forgets; failures become events. `call:status` goes where 3.2 says. verb:status and jambonz:error only to WebSocket applications. */
  notify(type: NoticeType, payload: Payload): void;
  /** One-way hook whose response is ignored (partialResultHook, ...). */
  tell(hook: HookInput, payload: Payload): void;
  setStatusHook(hook: HookInput): void;
  /** Where statuses go over HTTP; undefined when they go over a socket, or nowhere. */
  readonly statusWebhook: Hook | undefined;
  /** True once a WebSocket application closed with 1000: hooks count as answered empty, queued verbs finish, then the call ends. */
  readonly gracefullyClosed: boolean;
  /**
   * True once no command can come any more from a WebSocket application: it closed with 1000, or its socket was given up
   * after the reconnects (requests then reject with `hook-closed`). A call whose verbs are exhausted ends instead of waiting.
   */
  readonly ended: boolean;
  /** The application's server as it is now, for a call that branches off. */
  readonly server: HookInput;
  /** Resolves a relative hook to an absolute URL. */
  resolve(hook: HookInput): Hook;
  onCommand: (command: AppCommand) => void;
  onEvent: (event: AppEvent) => void;
  /** The conversation is lost for good (session:reconnect not acknowledged): the call must be ended with this reason. */
  onLost: (reason: string) => void;
  /** Called once when `ended` becomes true: a call that is waiting for commands, without a verb, ends now. */
  onEnded: (reason: string) => void;
  /** Waits (bounded) for notices under way, then closes the socket: 1000 normally, 1001 after a refused application. */
  close(code?: 1000 | 1001): Promise<void>;
}

/** The room: one conversation per call. */
export interface Apps {
  /** Opens nothing yet: a socket is connected by the first message. Never throws; a malformed call_hook makes requests reject. */
  open(options: AppSessionOptions): AppSession;
  stats(): { sessions: number; sockets: number };
  /** Closes every conversation, waiting at most a few seconds for statuses under way. */
  close(): Promise<void>;
}
