// What is told, when, and which timers run, as transcripts, beeps and time come: the contract's table (verbs.md 15), without a clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AmdHappening, type AmdTimers, Verdicts } from './verdicts.ts';

const timers: AmdTimers = { noSpeech: 5_000, decision: 15_000, tone: 20_000, greetingCompletion: 2_000 };

const said = (text: string, isFinal = false): AmdHappening => ({
  what: 'transcript',
  text,
  isFinal,
  language: 'en-US',
});
const final = (text: string): AmdHappening => said(text, true);
const beep: AmdHappening = { what: 'beep', frequencyHz: 949.6, varianceHz2: 0.1234 };
const expired = (timer: keyof AmdTimers): AmdHappening => ({ what: 'expired', timer });

/** One line for each happening: what is told (without `amd_`), then which timers change; "." at the end. */
function course(happenings: AmdHappening[], own: Partial<AmdTimers> = {}): string[] {
  const verdicts = new Verdicts({
    thresholdWordCount: 9,
    digitCount: 0,
    phrases: {},
    timers: { ...timers, ...own },
  });
  return happenings.map((happening) => {
    const { tell, timers: changed, over } = verdicts.hear(happening);
    const told = tell.map(({ type }) => type.slice(4));
    const set = Object.entries(changed).map(([name, ms]) => `${name}=${ms === false ? 'off' : ms}`);
    return `${[...told, ...set].join(' ')}${over ? '.' : ''}`;
  });
}

const machine = 'machine_detected noSpeech=off decision=off greetingCompletion=2000';

for (const [name, happenings, expected] of [
  ['a short final is a human', [said('hello'), final('hello')], ['noSpeech=off', 'human_detected stopped.']],
  ['silence', [expired('noSpeech')], ['no_speech_detected stopped.']],
  [
    'empty results are no speech and no human',
    [said(''), final('. . .'), expired('noSpeech')],
    ['', '', 'no_speech_detected stopped.'],
  ],
  [
    'no decision',
    [said('well'), said('well well'), expired('decision')],
    ['noSpeech=off', 'noSpeech=off', 'decision_timeout stopped.'],
  ],
  [
    'a machine talks on and stops',
    [said('leave a message'), said('and more'), final('and more, bye'), expired('greetingCompletion')],
    [machine, 'greetingCompletion=2000', 'greetingCompletion=2000', 'machine_stopped_speaking stopped.'],
  ],
  [
    'nothing that follows makes a human of a machine; empty results do not keep it talking',
    [final('leave a message'), final('hello'), final('')],
    [machine, 'greetingCompletion=2000', ''],
  ],
  [
    'after a beep a machine has nearly ended; the next one is no news',
    [final('leave a message'), beep, said('hm'), beep, expired('greetingCompletion')],
    [
      machine,
      'tone_detected tone=off greetingCompletion=1000',
      'greetingCompletion=1000',
      '',
      'machine_stopped_speaking stopped.',
    ],
  ],
  [
    'a beep before anybody is known decides nothing',
    [beep, final('after the tone')],
    ['tone_detected tone=off', 'machine_detected noSpeech=off decision=off greetingCompletion=1000'],
  ],
  ['a beep and then a human', [beep, final('hello')], ['tone_detected tone=off', 'human_detected stopped.']],
  ['no beep in time', [final('leave a message'), expired('tone')], [machine, 'tone_timeout stopped.']],
  ['nobody can listen', [{ what: 'failed', reason: 'gone' }], ['error stopped.']],
  ['it is ended', [final('leave a message'), { what: 'stopped' }], [machine, 'stopped.']],
] as [string, AmdHappening[], string[]][]) {
  test(name, () => assert.deepEqual(course(happenings), expected));
}

test('the timers begin; a shorter completion than a second stays after a beep', () => {
  const settings = { thresholdWordCount: 9, digitCount: 0, phrases: {}, timers };
  const verdicts = new Verdicts(settings);
  assert.deepEqual(verdicts.begin().timers, { decision: 15_000, tone: 20_000 });
  assert.deepEqual(
    verdicts.hear({ what: 'listening' }).timers,
    { noSpeech: 5_000 },
    'silence counts once somebody listens',
  );
  assert.deepEqual(verdicts.hear({ what: 'listening' }).timers, {}, 'a recognizer that follows gives no more time');
  const course200 = course([final('leave a message'), beep], { greetingCompletion: 200 });
  assert.match(course200[1]!, /greetingCompletion=200$/);
});

test('what the notices say', () => {
  const verdicts = new Verdicts({ thresholdWordCount: 3, digitCount: 0, phrases: {}, timers });
  assert.deepEqual(verdicts.hear(beep).tell, [{ type: 'amd_tone_detected', frequency: 950, variance: 0.12 }]);
  assert.deepEqual(verdicts.hear(said(' after the tone ')).tell, [
    {
      type: 'amd_machine_detected',
      reason: 'hint',
      hint: 'after the tone',
      greeting: 'after the tone',
      language: 'en-US',
    },
  ]);
  const of = (text: string, isFinal: boolean) =>
    new Verdicts({ thresholdWordCount: 3, digitCount: 4, phrases: {}, timers }).hear(said(text, isFinal)).tell[0];
  const common = { language: 'en-US' };
  assert.deepEqual(of('hello', true), {
    type: 'amd_human_detected',
    reason: 'short greeting',
    greeting: 'hello',
    ...common,
  });
  assert.deepEqual(of('a b c', false), {
    type: 'amd_machine_detected',
    reason: 'long greeting',
    greeting: 'a b c',
    ...common,
  });
  assert.deepEqual(of('12 34', false), {
    type: 'amd_machine_detected',
    reason: 'digit count',
    greeting: '12 34',
    ...common,
  });
  assert.deepEqual(verdicts.hear({ what: 'failed', reason: 'why' }).tell[0], { type: 'amd_error', reason: 'why' });
});
