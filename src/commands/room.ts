// room_say and room_play: speech or a file for everybody in the call's conference (live-call-control.md 6).
import { isObject, isRefusal, type Refusal, refuse } from '../base/index.ts';
import type { Step } from '../calls/index.ts';
import { needsMember, placeOf } from './conference.ts';
import { type CommandDefinition, defineCommand, type Target } from './define.ts';
import { badValue } from './refusals.ts';

interface Announcement {
  verb: Record<string, unknown>;
  id: string | undefined;
  replace: boolean;
}

/** What both share: `id` and `replace`; the rest are the verb's own options. */
function readAnnouncement(kind: 'say' | 'play', value: unknown, options: readonly string[]): Announcement | Refusal {
  if (!isObject(value)) return badValue('must be an object');
  const { id, replace = false, ...rest } = value;
  if (id !== undefined && typeof id !== 'string') return badValue('must be text', 'id');
  if (typeof replace !== 'boolean') return badValue('must be true or false', 'replace');
  if (rest.verb === kind) delete rest.verb;
  const unknown = Object.keys(rest).find((name) => !options.includes(name));
  if (unknown !== undefined) return badValue('is no field of it', unknown);
  const needed = kind === 'say' ? 'text' : 'url';
  if (rest[needed] === undefined) return badValue('is required', needed);
  return { verb: { verb: kind, ...rest }, id, replace };
}

/** The verb as the call would run it; a refusal's path is relative to the field. */
function stepOf({ call }: Target, { verb }: Announcement): Step | Refusal {
  const steps = call.world.parse([verb]);
  if (!isRefusal(steps)) return steps[0] ?? badValue('is no verb');
  const path = steps.path?.replace(/^\[0\]\.(say|play)\.?/, '');
  return badValue(steps.reason, path === '' ? undefined : path);
}

function needsRoom(target: Target, { replace }: Announcement): Refusal | undefined {
  return replace || !placeOf(target).announcementsFull
    ? undefined
    : refuse('announcements-full', 'too many announcements are heard in the conference already');
}

function announcing(
  kind: 'say' | 'play',
  definition: Pick<CommandDefinition<Announcement>, 'summary' | 'schema' | 'examples' | 'read'>,
): CommandDefinition<Announcement> {
  const rest = `room_${kind}`;
  return defineCommand<Announcement>({
    rest,
    ws: `room:${kind}`,
    needs: 'a conference',
    refuses: ['422 while ten are heard already, unless `replace` ends them'],
    ...definition,
    allowed(target, announcement) {
      const step = stepOf(target, announcement);
      if (!isRefusal(step)) return needsMember(target) ?? needsRoom(target, announcement);
      return { ...step, path: step.path === undefined ? rest : `${rest}.${step.path}` };
    },
    apply(target, announcement) {
      const step = stepOf(target, announcement);
      if (isRefusal(step)) return {};
      const { id, replace } = announcement;
      return { effect: placeOf(target).announce({ kind, step, id, replace }) };
    },
  });
}

const common = { id: { type: 'string' }, replace: { type: 'boolean' } };

export const roomSay = announcing('say', {
  summary:
    'Speaks to every member of the conference. `id` comes back in its say-start and say-done events; `replace` ends what is being announced.',
  schema: {
    type: 'object',
    required: ['text'],
    properties: {
      text: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
      synthesizer: { type: 'object', additionalProperties: true },
      loop: { oneOf: [{ type: 'number' }, { type: 'string' }] },
      disableTtsCache: { type: 'boolean' },
      ...common,
    },
  },
  examples: [{ room_say: { text: 'The meeting ends in five minutes.', id: 'five' } }],
  read: (value) => readAnnouncement('say', value, ['text', 'synthesizer', 'loop', 'disableTtsCache']),
});

export const roomPlay = announcing('play', {
  summary:
    'Plays a file or a tone to every member of the conference. `id` comes back in its play-start and play-done events; `replace` ends what is being announced.',
  schema: {
    type: 'object',
    required: ['url'],
    properties: {
      url: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
      loop: { oneOf: [{ type: 'number' }, { type: 'string' }] },
      ...common,
    },
  },
  examples: [{ room_play: { url: 'tone_stream://%(400,0,880)', id: 'gong', replace: true } }],
  read(value) {
    const read = readAnnouncement('play', value, ['url', 'loop']);
    if (isRefusal(read)) return read;
    const { url } = read.verb;
    return { ...read, verb: { ...read.verb, url: Array.isArray(url) ? url.map(toneOf) : toneOf(url) } };
  },
});

/** The client library's `tone://?freq=880&duration=400` is a tone stream. */
function toneOf(url: unknown): unknown {
  if (typeof url !== 'string' || !/^tone:\/\//i.test(url) || !URL.canParse(url)) return url;
  const { searchParams } = new URL(url);
  const [freq, duration] = [Number(searchParams.get('freq')), Number(searchParams.get('duration') ?? 1_000)];
  return freq > 0 && duration > 0 ? `tone_stream://%(${Math.round(duration)},0,${Math.round(freq)})` : url;
}
