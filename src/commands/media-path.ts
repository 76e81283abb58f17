// media_path: whether the media of a bridge goes through the engine, is relayed without decoding, or goes from far end to far end.
import { refuse } from '../base/index.ts';
import type { MediaPath } from '../calls/index.ts';
import { defineCommand } from './define.ts';
import { oneOf } from './refusals.ts';

const paths: readonly MediaPath[] = ['full-media', 'partial-media', 'no-media'];

export const mediaPath = defineCommand<MediaPath>({
  rest: 'media_path',
  ws: 'media:path',
  needs: 'a bridge',
  summary:
    'Sends the media of two bridged calls through the engine (full-media), as packets that are passed on as they are (partial-media), or directly between the far ends by re-INVITE (no-media). A command that needs the sound brings it back first.',
  schema: { type: 'string', enum: paths },
  refuses: ['422 the path that it has already'],
  examples: [{ media_path: 'no-media' }, { media_path: 'partial-media' }, { media_path: 'full-media' }],
  read: (value) => oneOf(value, paths),
  allowed({ call }, path) {
    const bridge = call.parts.get('bridge');
    return bridge ? bridge.pathRefusal(path) : refuse('no-bridge', 'the call is not bridged with another one');
  },
  apply({ call }, path) {
    const bridge = call.parts.get('bridge');
    return bridge ? { effect: bridge.setPath(path) } : {};
  },
});
