// Two ports' descriptions as one with two audio lines, and the far end's answer or offer taken apart again (RFC 7866 7.1.1).
import { type Refusal, refuse } from '../../../base/index.ts';

interface Parts {
  /** Lines before the first media line. */
  session: string[];
  media: string[][];
}

function partsOf(sdp: string): Parts {
  const parts: Parts = { session: [], media: [] };
  for (const line of sdp.split(/\r\n|\n/)) {
    if (line === '') continue;
    if (line.startsWith('m=')) parts.media.push([]);
    (parts.media.at(-1) ?? parts.session).push(line);
  }
  return parts;
}

/** One description of both streams, each with its label (RFC 4574). The first one's session lines stand for both. */
export function joinStreams(first: string, second: string, labels: readonly [string, string]): string {
  const [one, two] = [partsOf(first), partsOf(second)];
  const session = one.session.map((line) => (line.startsWith('s=') ? 's=Crosspoint recording' : line));
  const lines = [one, two].flatMap(({ session: own, media }, index) => {
    const [head = '', ...rest] = media[0] ?? [];
    // The second port may be reached at another address than the session's: each line says its own.
    const address = rest.some((line) => line.startsWith('c=')) ? [] : own.filter((line) => line.startsWith('c='));
    return [head, ...address, ...rest, `a=label:${labels[index]}`];
  });
  return [...session, ...lines, ''].join('\r\n');
}

/** The far end's description as two, one for each port. Lines follow ours (RFC 3264 6). */
export function splitStreams(sdp: string): [string, string] | Refusal {
  const { session, media } = partsOf(sdp);
  const [first, second] = media;
  if (!first || !second || media.length > 2)
    return refuse('siprec-streams', `the recorder describes ${media.length} streams in place of two`);
  const alone = (lines: string[]): string => [...session, ...lines, ''].join('\r\n');
  return [alone(first), alone(second)];
}
