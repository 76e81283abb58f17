// Network: every way out of the process, as ports. Real twins in net/, in-thread twins in sim/.

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const addressText = (a: Address): string =>
  a.host.includes(':') ? `[${a.host}]:${a.port}` : `${a.host}:${a.port}`;
export const sameAddress = (a: Address, b: Address): boolean => a.port === b.port && a.host === b.host;

export interface UdpSocket {
  readonly local: Address;
  /** Sends or drops; UDP gives no answer. Errors go to `onError`. The bytes may be reused once this returns. */
  send(data: Uint8Array, port: number, host: string): void;
  /** Takes effect for the next datagram. The bytes may be written to, and are gone when the handler returns: copy what is kept. */
  onMessage: (data: Uint8Array, from: Address) => void;
  onError: (error: Error) => void;
  close(): void;
}

export interface UdpOptions {
  /** Numeric. IPv6 takes IPv6 only. */
  host: string;
  /** 0 for any free port. */
  port: number;
  /** Bytes of the kernel's receive buffer; the system default when absent. */
  receiveBufferBytes?: number;
}

/**
 * A stream connection (TCP now; TLS is the same shape). Connecting rejects with a Fault `tcp-refused`, `tcp-timeout`,
 * `tcp-reset` or `tcp-failed`; `onClose` gets one of these, or `tcp-slow`, when the connection did not end as it should.
 */
export interface TcpConnection {
  readonly local: Address;
  readonly remote: Address;
  /** False when more is queued than `sendLimitBytes`: the connection is then destroyed, as the peer does not read. */
  send(data: Uint8Array | string): boolean;
  onData: (data: Uint8Array) => void;
  /** Exactly once, also after a failed write; no data afterwards. */
  onClose: (error?: Error) => void;
  /** Sends what is queued, then closes. */
  close(): void;
  destroy(): void;
}

export interface TcpListener {
  readonly local: Address;
  /** Handlers set within the call miss nothing. Connections are refused until this is set. */
  onConnection: (connection: TcpConnection) => void;
  /** Stops listening and destroys what it accepted. */
  close(): Promise<void>;
}

export interface HttpRequest {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Limit on the wait for response headers, and again on the whole body. */
  timeoutMs: number;
  maxBodyBytes: number;
  /** How many redirects to follow; 0 returns the 3xx itself. Credentials are dropped when the origin changes. */
  maxRedirects?: number;
  signal?: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names; repeated headers joined by ", ". */
  headers: Record<string, string>;
  body: Uint8Array;
  /** The address that answered, after redirects. */
  url: string;
}

/** Rejects with a Fault: `http-refused`, `http-reset`, `http-dns`, `http-timeout`, `http-too-large`, `http-aborted`, `http-failed`. */
export type HttpClient = (request: HttpRequest) => Promise<HttpResponse>;

export interface WsConnectOptions {
  url: string;
  protocols: string[];
  headers?: Record<string, string>;
  handshakeTimeoutMs: number;
  maxRedirects: number;
  maxMessageBytes: number;
  /** Sends pings; a peer that has not answered one when the next is due is cut off (1006). No pings when absent. */
  pingIntervalMs?: number;
  signal?: AbortSignal;
}

export interface WsConnection {
  readonly protocol: string;
  /** Bytes accepted by send() and not yet handed to the system. */
  readonly bufferedBytes: number;
  send(data: string | Uint8Array): void;
  onMessage: (data: string | Uint8Array) => void;
  /** Exactly once. 1006 when the connection broke without a close frame. */
  onClose: (code: number, reason: string) => void;
  close(code: number, reason?: string): void;
}

/** Rejects with a Fault as HttpClient does, plus `ws-status` (detail.status) and `ws-protocol` (no subprotocol agreed). */
export type WsConnect = (options: WsConnectOptions) => Promise<WsConnection>;

export interface SrvRecord {
  name: string;
  port: number;
  priority: number;
  weight: number;
}

/** DNS. An absent name gives an empty list; a failing server rejects with a Fault `dns-failed`. */
export interface Resolver {
  srv(name: string): Promise<SrvRecord[]>;
  /** IPv4 addresses. */
  a(name: string): Promise<string[]>;
  /** IPv6 addresses. */
  aaaa(name: string): Promise<string[]>;
}

/** Listening rejects with a Fault `bind-failed`, the system's code in `detail.code`. Handlers set right after an await miss nothing. */
export interface Network {
  udp(options: UdpOptions): Promise<UdpSocket>;
  tcpListen(address: Address): Promise<TcpListener>;
  tcpConnect(to: Address, options: { timeoutMs: number }): Promise<TcpConnection>;
  http: HttpClient;
  ws: WsConnect;
  resolver: Resolver;
  /** Closes pooled connections. Sockets belong to who opened them. */
  close(): Promise<void>;
}
