// Jambonz-Signature: lets an application check that a webhook came from us (app-interfaces.md 1.4).
import { createHmac } from 'node:crypto';

export const signatureHeader = 'Jambonz-Signature';

/** `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 with the account's webhook secret over `<t>.<body>`. */
export function sign(body: string, secret: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
}
