// verbs: what an application can ask for. One file per verb, one line here.

import { alert } from './alert.ts';
import { answer } from './answer.ts';
import { conference } from './conference.ts';
import { config } from './config.ts';
import type { AnyVerb } from './define.ts';
import { dequeue } from './dequeue.ts';
import { dial } from './dial/index.ts';
import { dtmf } from './dtmf.ts';
import { dub } from './dub.ts';
import { enqueue } from './enqueue.ts';
import { gather } from './gather.ts';
import schemas from './generated/schemas.cjs';
import { hangup } from './hangup.ts';
import { leave } from './leave.ts';
import { listen } from './listen.ts';
import { pause } from './pause.ts';
import { play } from './play.ts';
import { redirect } from './redirect.ts';
import { say } from './say.ts';
import { sipDecline } from './sip-decline.ts';
import { sipRefer } from './sip-refer.ts';
import { sipRequest } from './sip-request.ts';
import { tag } from './tag.ts';
import { transcribe } from './transcribe.ts';

export const verbs: readonly AnyVerb[] = [
  answer,
  pause,
  say,
  play,
  gather,
  hangup,
  redirect,
  tag,
  dtmf,
  dub,
  alert,
  sipDecline,
  sipRequest,
  sipRefer,
  config,
  listen,
  transcribe,
  conference,
  dial,
  enqueue,
  dequeue,
  leave,
];

export { parseApplication } from './parse.ts';

/** The public face of every verb, for the golden text: what it needs and which options it takes. */
export const verbSurface = (): Record<string, unknown>[] =>
  verbs.map(({ name, needs, alsoAccepts = [] }) => ({
    name,
    needs: typeof needs === 'function' ? 'depends on its options' : needs,
    options: [...(schemas.accepts[name] ?? []), ...alsoAccepts],
  }));
