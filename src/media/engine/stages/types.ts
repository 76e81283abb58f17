// What an audio stage is: it changes one frame in place and can say what it does.

export interface Stage {
  /** For the log: empty when it does nothing just now. */
  describe(): string;
  /** One frame of the leg's rate, in place. */
  process(frame: Int16Array): void;
}

/** The pipeline in one line. */
export const describeStages = (stages: readonly Pick<Stage, 'describe'>[]): string =>
  stages
    .map((stage) => stage.describe())
    .filter((text) => text !== '')
    .join(' > ');
