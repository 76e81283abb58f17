// config: session defaults. The parts whose verbs are in this version; others are refused by name.
import type { HookInput } from '../apps/index.ts';
import { type Refusal, refuse } from '../base/index.ts';
import {
  type AmdInput,
  type Call,
  detectOnOwnLeg,
  type RecognizerInput,
  readBoostDb,
  type SynthesizerInput,
  type VoiceInput,
} from '../calls/index.ts';
import { amdRefusal } from './amd.ts';
import { type BargeInOptions, bargeInRefusal, configureBargeIn } from './config-barge-in.ts';
import { configureIsolation, noiseRefusal } from './config-isolation.ts';
import { type BackgroundListen, backgroundListenRefusal, configureListen } from './config-listen.ts';
import { configureRecord, recordRefusal } from './config-record.ts';
import { type BackgroundTranscribe, backgroundTranscribeRefusal, configureTranscribe } from './config-transcribe.ts';
import { defineVerb } from './define.ts';
import { recognizerRefusal, voiceRefusal } from './gather/options.ts';
import { playable } from './play.ts';
import { type WaitingOptions, waitingRefusal } from './waiting.ts';

interface Options extends WaitingOptions {
  synthesizer?: SynthesizerInput;
  recognizer?: RecognizerInput;
  vad?: VoiceInput;
  reset?: string | string[];
  notifyEvents?: boolean;
  notifySttLatency?: boolean;
  boostAudioSignal?: number | string;
  sipRequestWithinDialogHook?: HookInput;
  referHook?: HookInput;
  onHoldMusic?: string;
  amd?: AmdInput;
  disableTtsCache?: boolean;
  listen?: BackgroundListen;
  stream?: BackgroundListen;
  transcribe?: BackgroundTranscribe;
  bargeIn?: BargeInOptions;
  record?: object;
  noiseIsolation?: object | string;
}

const known = new Set([
  'verb',
  'id',
  'synthesizer',
  'recognizer',
  'vad',
  'reset',
  'notifyEvents',
  'notifySttLatency',
  'boostAudioSignal',
  'sipRequestWithinDialogHook',
  'referHook',
  'onHoldMusic',
  'amd',
  'disableTtsCache',
  'listen',
  'stream',
  'transcribe',
  'bargeIn',
  'actionHookDelayAction',
  'fillerNoise',
  'record',
  'noiseIsolation',
  'earlyMedia',
]);

/** What `reset` may name. */
const resettable = ['synthesizer', 'recognizer'];

export const config = defineVerb<Options>({
  name: 'config',
  example: { notifyEvents: true },
  needs: (options) =>
    options.boostAudioSignal !== undefined ||
    options.record ||
    options.noiseIsolation ||
    options.amd ||
    (options.listen ?? options.stream)?.enable ||
    options.transcribe?.enable ||
    options.bargeIn?.enable
      ? 'media'
      : 'none',
  check(options): Refusal | undefined {
    const later = Object.keys(options).find((name) => !known.has(name));
    if (later !== undefined) return refuse('verb-later', `config.${later} is not in this version`, { path: later });
    const reset = [options.reset ?? []].flat().find((part) => !resettable.includes(part));
    if (reset !== undefined)
      return refuse('verb-option', `cannot reset ${reset}: ${resettable.join(', ')}`, { path: 'reset' });
    const speech =
      recognizerRefusal(options.recognizer) ??
      voiceRefusal(options.vad) ??
      amdRefusal(options.amd) ??
      bargeInRefusal(options.bargeIn) ??
      backgroundTranscribeRefusal(options.transcribe) ??
      waitingRefusal(options, true);
    if (speech) return speech;
    if (options.onHoldMusic !== undefined && !playable.test(options.onHoldMusic))
      return refuse('verb-option', 'must be an http(s)://, file:// or tone_stream:// URL', { path: 'onHoldMusic' });
    const taped = recordRefusal(options.record) ?? noiseRefusal(options.noiseIsolation);
    if (taped) return taped;
    const stream = backgroundListenRefusal(options, 'listen') ?? backgroundListenRefusal(options, 'stream');
    if (stream) return stream;
    const boost = options.boostAudioSignal === undefined ? 0 : readBoostDb(options.boostAudioSignal);
    return typeof boost === 'number' ? undefined : { ...boost, path: 'boostAudioSignal' };
  },
  async run(options, { call, step }) {
    if (options.notifyEvents) call.notifyEvents = true;
    if (options.notifySttLatency !== undefined) call.speech.recognizer.measured = options.notifySttLatency;
    configureSpeech(call, options);
    // After the recognizer that may stand beside it.
    if (options.amd) detectOnOwnLeg(call, options.amd, { name: step.name, id: step.id });
    if (options.disableTtsCache !== undefined) call.speech.noCache = options.disableTtsCache;
    configureBargeIn(call, options.bargeIn, step);
    configureRecord(call, options.record);
    await configureIsolation(call, options.noiseIsolation);
    configureListen(call, options.listen ?? options.stream);
    configureTranscribe(call, options.transcribe);
    call.patience.configure({ delay: options.actionHookDelayAction, filler: options.fillerNoise });
    if (options.sipRequestWithinDialogHook !== undefined)
      call.inDialog.requestHook = options.sipRequestWithinDialogHook;
    if (options.referHook !== undefined) call.inDialog.referHook = options.referHook;
    if (options.onHoldMusic !== undefined) call.inDialog.holdMusic = options.onHoldMusic;
    const boost = options.boostAudioSignal === undefined ? undefined : readBoostDb(options.boostAudioSignal);
    if (typeof boost === 'number') await call.leg.port?.setGain(boost);
  },
});

function configureSpeech(call: Call, { reset, synthesizer, recognizer, vad }: Options): void {
  const parts = [reset ?? []].flat();
  if (parts.includes('synthesizer')) call.speech.reset();
  if (parts.includes('recognizer')) call.speech.recognizer.reset();
  if (synthesizer) call.speech.configure(synthesizer);
  if (recognizer) call.speech.recognizer.configure(recognizer);
  if (vad?.voiceMs !== undefined) call.speech.recognizer.voiceMs = vad.voiceMs;
}
