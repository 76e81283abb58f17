// answer: answers the call; nothing when it is answered already.
import { defineVerb } from './define.ts';

export const answer = defineVerb({
  name: 'answer',
  example: {},
  needs: 'media',
  run: async () => {},
});
