// The audio stages, in the order in which a leg's pipelines use them. A new one is one file and one line here.

// Ear: digits are found before the mute, for they are reported all the same.
export { InbandDtmf } from './inband-dtmf.ts';
// Noise goes after that: digits are none.
export { Isolation, type IsolationFormat } from './isolation.ts';
// Mouth: what plays, digits over it, then the volume of it all.
export { type Layer, Layers } from './layers.ts';
export { Mute } from './mute.ts';
export { Tones } from './tones.ts';
export { describeStages, type Stage } from './types.ts';
export { Volume } from './volume.ts';
