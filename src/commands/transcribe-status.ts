// transcribe_status: pauses transcription (background, nested in a dial or a listen, or the verb's), or lets it go on.
import { refuse } from '../base/index.ts';
import { defineCommand, type Target } from './define.ts';
import { oneOf } from './refusals.ts';

const statuses = ['pause', 'resume'] as const;

/** A dialled leg's own and those of the call that dialled it, which hear it too. */
const transcriptionsOf = ({ call, session }: Target) =>
  call === session
    ? call.parts.all('transcription')
    : [...call.parts.all('transcription'), ...session.parts.all('transcription')];

export const transcribeStatus = defineCommand<(typeof statuses)[number]>({
  rest: 'transcribe_status',
  ws: 'transcribe:status',
  needs: 'a transcription',
  summary:
    'Pauses transcription: recognition ends, and a last transcript of what was said before may still come. Or lets it go on.',
  schema: { type: 'string', enum: [...statuses] },
  examples: [{ transcribe_status: 'pause' }, { transcribe_status: 'resume' }],
  read: (value) => oneOf(value, statuses),
  allowed: (target) =>
    transcriptionsOf(target).length > 0 ? undefined : refuse('no-transcription', 'nothing is transcribed on this call'),
  apply(target, status) {
    const effects = transcriptionsOf(target).map((one) => (status === 'pause' ? one.pause() : one.resume()));
    return { effect: Promise.all(effects).then((done) => ({ at: Math.max(...done.map(({ at }) => at)) })) };
  },
});
