// dub: further audio tracks, mixed with what the leg hears. Done once it has been asked for; the track plays on below the next verbs.
import { type DubInput, dubRefusal } from '../calls/index.ts';
import { defineVerb } from './define.ts';

export type DubOptions = DubInput & { id?: string };

export const dub = defineVerb<DubOptions>({
  name: 'dub',
  example: { action: 'addTrack', track: 'music', play: 'tone_stream://%(1000,0,440)', loop: true, gain: '-6 dB' },
  needs: 'media',
  check: dubRefusal,
  async run(options, { call }) {
    call.dub.perform(options, call);
  },
});
