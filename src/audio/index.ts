// audio: Int16 in, Int16 out. Codecs, gain, mixing, resampling, tones, files, DTMF, concealment. Knows no call and no network.
export * from './audio-file.ts';
export * from './audio-source.ts';
export * from './codecs/index.ts';
export * from './comfort-noise.ts';
export * from './dtmf-detect.ts';
export * from './gain.ts';
export * from './level.ts';
export * from './measure.ts';
export * from './mix.ts';
export * from './mp3.ts';
export * from './mp3-encode.ts';
export * from './plc.ts';
export * from './raw.ts';
export * from './resample.ts';
export { clip16, joinSamples, saturate } from './sample.ts';
export * from './tone-text.ts';
export * from './tones.ts';
export * from './wav.ts';
