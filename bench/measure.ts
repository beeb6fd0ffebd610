/** One measured run: what took how long, and what else was seen on the way. */
export interface Sample {
  readonly seconds: number;
  readonly extra: Readonly<Record<string, number>>;
}

/** The runs of one contestant. */
export interface Measured {
  readonly minimum: number;
  readonly median: number;
  readonly runs: number;
  /** Of what was seen besides: the worst of all runs. */
  readonly extra: Readonly<Record<string, number>>;
}

/**
 * Runs the contestants in turns, so that a machine that grows slow meanwhile is slow for all of them.
 * Answers in the order of the contestants.
 */
export async function alternate(
  contestants: readonly (() => Promise<Sample>)[],
  runs: number,
): Promise<readonly Measured[]> {
  const samples: Sample[][] = contestants.map(() => []);
  for (let run = 0; run < runs; run++) {
    for (const [index, contestant] of contestants.entries()) samples[index]!.push(await contestant());
  }
  return samples.map(measured);
}

export function measured(samples: readonly Sample[]): Measured {
  const seconds = samples.map(sample => sample.seconds).sort((one, other) => one - other);
  return {
    minimum: seconds[0]!,
    median: quantile(seconds, 0.5),
    runs: seconds.length,
    extra: worst(samples),
  };
}

/** Of sorted numbers: the smallest that at least this share of them does not exceed. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

function worst(samples: readonly Sample[]): Record<string, number> {
  const extra: Record<string, number> = {};
  for (const sample of samples) {
    for (const [name, value] of Object.entries(sample.extra)) {
      extra[name] = Math.max(extra[name] ?? Number.NEGATIVE_INFINITY, value);
    }
  }
  return extra;
}
