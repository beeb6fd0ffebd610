const RUNS = 5;
const FOURFOLD = 4;

/** Above what linear work costs fourfold (4, more where it outgrows a cache), and below what quadratic work does (16). */
export const LINEAR = 9;

/**
 * How many times as much `work` costs as `base`: the least of several runs of each, by turns. It is this process's time on
 * the processor, so that a busy machine changes nothing: no limit in milliseconds holds everywhere.
 */
export async function costAgainst(
  base: () => unknown,
  work: () => unknown,
  { runs = RUNS } = {},
): Promise<number> {
  const least = { base: Number.POSITIVE_INFINITY, work: Number.POSITIVE_INFINITY };
  for (let run = 0; run < runs; run++) {
    least.base = Math.min(least.base, await microseconds(base));
    least.work = Math.min(least.work, await microseconds(work));
  }
  return least.work / least.base;
}

/** How many times as much it costs at four times the size; what `prepare` does itself is not counted. */
export async function growth(
  size: number,
  prepare: (size: number) => () => unknown,
  options?: { readonly runs: number },
): Promise<number> {
  return costAgainst(prepare(size), prepare(FOURFOLD * size), options);
}

async function microseconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
