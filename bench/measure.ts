/** One measured run: `seconds`, and whatever else was seen on the way. */
export type Sample = Readonly<Record<string, number>> & { readonly seconds: number };

/** One number of all runs of a contestant. */
export interface Spread {
  readonly minimum: number;
  readonly median: number;
  readonly maximum: number;
}

/** By the name of the number. */
export type Measured = Readonly<Record<string, Spread>>;

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
  const names = Object.keys(samples[0] ?? {});
  return Object.fromEntries(names.map(name => [name, spread(samples.map(sample => sample[name]!))]));
}

/** Of sorted numbers: the smallest that at least this share of them does not exceed. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  return { minimum: sorted[0]!, median: quantile(sorted, 0.5), maximum: sorted.at(-1)! };
}
