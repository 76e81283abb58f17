// What a speech credential holds, by vendor (rest-platform.md 10.1). A vendor gets its line when it gets its folder in vendors.
import { object, orNull, type Schema, text } from './schema.ts';

export interface SpeechForm {
  takes(vendor: string): boolean;
  fields: Record<string, Schema>;
  required: readonly string[];
  /** Never shown whole. */
  secrets: readonly string[];
}

const url = orNull(text(1024, 'http, https, ws or wss'));

const custom: SpeechForm = {
  takes: (vendor) => /^custom:[^\s:][^\s]*$/.test(vendor),
  fields: {
    auth_token: orNull(text(1024, 'Sent to the vendor as a bearer token')),
    custom_tts_url: url,
    custom_tts_streaming_url: url,
    custom_stt_url: url,
  },
  required: [],
  secrets: ['auth_token'],
};

export const speechForms: readonly SpeechForm[] = [custom];

/** Which of a form's fields are addresses. */
export const isAddress = (field: string): boolean => field.endsWith('_url');

/** For the documentation and for one check of unknown fields: all vendors' fields. */
export const allFields = (): Record<string, Schema> => Object.assign({}, ...speechForms.map((form) => form.fields));

export const formSchema = (common: Record<string, Schema>, required: readonly string[]): Schema =>
  object({ ...common, ...allFields() }, required);
