// listen_status and stream_status: pauses what goes to the servers of the running verb's streams, silences it, or lets it go on.
import { isObject, refuse } from '../base/index.ts';
import { type CommandDefinition, defineCommand, type Target } from './define.ts';
import { badValue, oneOf } from './refusals.ts';

type Status = keyof typeof states | typeof move;

/** Of the commercial line (live-call-control.md 6): taken by name, and refused with what is missing. */
const move = 'move-to-room';

const states = { pause: 'pause', silence: 'silence', resume: 'run' } as const;

/** The streams of the verb that runs, a dial's nested one included; a dialled leg's own, when it has any. */
const streamsOf = ({ call, session }: Target) =>
  call === session ? call.parts.all('stream') : [...call.parts.all('stream'), ...session.parts.all('stream')];

/** Both spellings are one command: a listen is a stream. */
const statusOf = (rest: string, ws: string): CommandDefinition<Status> =>
  defineCommand<Status>({
    rest,
    ws,
    needs: 'a stream',
    companions: ['room'],
    companionSchemas: { room: { type: 'string', minLength: 1, description: 'of `move-to-room`' } },
    summary:
      'Pauses the audio that a listen or stream verb sends to its server, sends silence in its place, or goes on. What comes back is heard all the same.',
    schema: { type: 'string', enum: Object.keys(states) },
    examples: [{ [rest]: 'pause' }, { [rest]: 'silence' }, { [rest]: 'resume' }],
    read(value, { room }) {
      if (value === move) return move;
      return room === undefined
        ? oneOf(value, Object.keys(states) as Status[])
        : badValue(`belongs to ${move}`, 'room');
    },
    /** By either name. */
    fromSocket(data) {
      if (!isObject(data) || rest in data) return undefined;
      const { listen_status: listen, stream_status: stream, ...others } = data;
      return { [rest]: listen ?? stream, ...others };
    },
    allowed(target, status) {
      if (status === move)
        return refuse('command-later', 'moving a stream into a room is not in this version of Crosspoint');
      if (streamsOf(target).length > 0) return undefined;
      return refuse('no-stream', 'no listen or stream verb runs on this call');
    },
    apply(target, status) {
      if (status === move) return {};
      const effects = streamsOf(target).map((stream) => stream.setState(states[status]));
      return { effect: Promise.all(effects).then((done) => ({ at: Math.max(...done.map(({ at }) => at)) })) };
    },
  });

export const listenStatus = statusOf('listen_status', 'listen:status');
export const streamStatus = statusOf('stream_status', 'stream:status');
