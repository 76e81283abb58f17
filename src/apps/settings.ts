// Settings of the apps room: what an operator may change, with the reference's defaults.

export interface AppsSettings {
  /** Wait for a webhook's headers, and again for its body. */
  httpTimeoutMs: number;
  wsHandshakeTimeoutMs: number;
  /** Wait for an `ack`. */
  wsAckTimeoutMs: number;
  /** A larger message from the application closes the socket with 1009. */
  wsMaxMessageBytes: number;
  /** Off unless greater than 15000, as in the reference. */
  wsPingIntervalMs: number;
  /** `user-agent` of webhooks and upgrades; empty for none. */
  userAgent: string;
}

export const defaultAppsSettings: AppsSettings = {
  httpTimeoutMs: 10_000,
  wsHandshakeTimeoutMs: 1500,
  wsAckTimeoutMs: 5000,
  wsMaxMessageBytes: 24 * 1024,
  wsPingIntervalMs: 0,
  userAgent: 'jambonz',
};
