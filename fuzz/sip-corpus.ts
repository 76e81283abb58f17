// What the SIP fuzz targets start from: the 49 messages of RFC 4475 and ordinary traffic.
import { readdirSync, readFileSync } from 'node:fs';

const sdp = `v=0
o=- 3890371 3890371 IN IP4 192.0.2.33
s=call
c=IN IP4 192.0.2.33
t=0 0
m=audio 40170 RTP/AVP 9 0 8 18 101
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
`;

const ordinary = [
  `INVITE sip:+15550100@sip.example.com:5070;transport=udp SIP/2.0
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-524287-1---3f2b6a1c9d;rport
v: SIP/2.0/TCP [2001:db8::9:1]:5062;received=2001:db8::9:255;rport=5062;branch=z9hG4bKnashds8
Record-Route: <sip:192.0.2.10;lr;ftag=1928301774>, "p2" <sip:[2001:db8::1]:5090;lr>
Max-Forwards: 69
f: "Alice \\"A\\" Example" <sip:alice:secret@atlanta.example.com>;tag=1928301774
To: <sip:+15550100@sip.example.com;user=phone?Subject=x%20y&Priority=urgent>
Call-ID: 3848276298220188511@192.0.2.33
CSeq: 314159 INVITE
Contact: <sip:alice@192.0.2.33:5062;transport=udp>;expires=3600;+sip.instance="<urn:uuid:0>", <tel:+1-555-0100;phone-context=x>
P-Asserted-Identity: "Alice" <sip:alice@example.com>, tel:+15550101
Diversion: <sip:+15550102@example.com>;reason=no-answer;counter=1
Reason: Q.850;cause=16;text="Normal, clearing"
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, UPDATE
Session-Expires: 1800;refresher=uac
Proxy-Authorization: Digest username="alice", realm="r", nonce="n\\"1", uri="sip:x", response="0123456789abcdef0123456789abcdef", algorithm=MD5, qop=auth, cnonce="c", nc=00000001
Content-Type: application/sdp`,
  `SIP/2.0 407 Proxy Authentication Required
Via: SIP/2.0/UDP 192.0.2.33:5062;branch=z9hG4bKnashds9;received=198.51.100.7;rport=5062
From: Alice <sip:alice@atlanta.example.com>;tag=88sja8x
To: Bob <sip:bob@biloxi.example.com>;tag=314159
Call-ID: 987asjd97y7atg
CSeq: 986759 INVITE
Proxy-Authenticate: Digest realm="atlanta.example.com", qop="auth,auth-int", nonce="f84f1cec41e6cbe5aea9c8e88d359", opaque="", stale=FALSE, algorithm=SHA-256
Server: Proxy/1.0 (test; build 7)
Content-Type: application/sdp`,
  `NOTIFY sip:alice@[2001:db8::33]:5062 SIP/2.0
Via: SIP/2.0/TCP server.example.com;branch=z9hG4bKna998sk
Route: <sip:p1.example.com;lr>,<sip:p2.example.com;lr>
From: Bob <sips:bob@example.com>;tag=ffd2
To: sip:alice@example.com;tag=xfg9
Call-ID: 9987@app.example.com
CSeq: 8775 NOTIFY
Max-Forwards: 70
o: refer
Subscription-State: active;expires=60
Contact: *
c: message/sipfrag;version=2.0`,
];

/** Half of the torture corpus must be refused; ordinary traffic is weighed up so that most inputs are nearly right. */
const weight = 12;

export function sipCorpus(): Buffer[] {
  const folder = new URL('../src/sip/message/torture/', import.meta.url);
  const torture = readdirSync(folder).filter((file) => file.endsWith('.dat'));
  const body = sdp.replaceAll('\n', '\r\n');
  const traffic = ordinary.map((head) =>
    Buffer.from(`${head.replaceAll('\n', '\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
  );
  return [
    ...torture.sort().map((file) => readFileSync(new URL(file, folder))),
    ...Array.from({ length: weight }, () => traffic).flat(),
  ];
}

/** Gives the head a true Content-Length, so that what was spoiled elsewhere is looked at. */
export function withTrueLength(bytes: Buffer): Buffer {
  const blank = bytes.indexOf('\r\n\r\n');
  if (blank < 0) return bytes;
  const head = bytes.toString('latin1', 0, blank).replace(/\r\n(?:Content-Length|l)[ \t]*:[^\r\n]*/gi, '');
  const body = bytes.subarray(blank + 4);
  return Buffer.concat([Buffer.from(`${head}\r\nContent-Length: ${body.length}\r\n\r\n`, 'latin1'), body]);
}
