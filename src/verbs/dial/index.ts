// dial: calls one to ten others at once, and joins the caller with the first who takes the call (verbs.md 5).
import { defineVerb } from '../define.ts';
import { Dialling } from './dialling.ts';
import { checkDial, type DialOptions } from './options.ts';

export const dial = defineVerb<DialOptions>({
  name: 'dial',
  example: { target: [{ type: 'sip', sipUri: 'sip:nobody@127.0.0.9' }], timeout: 1, actionHook: '/done' },
  // Answered at once, unless it waits for who is called (verbs.md 5.3).
  needs: ({ answerOnBridge }) => (answerOnBridge ? 'none' : 'media'),
  alsoAccepts: ['hangupHeaders'],
  check: checkDial,
  run: (options, run) => new Dialling(options, run).done(),
});
