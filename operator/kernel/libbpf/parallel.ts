/** Does `work` for every index below `count`, at most `limit` at a time. */
export async function inParallel(
  count: number,
  limit: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, worker));
}

/** Work off the event loop, some at a time. */
export class Background {
  readonly #most: number;
  readonly #tasks = new Set<Promise<void>>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Waits until there is room for more. */
  async add(work: Promise<void>): Promise<void> {
    const task = work.then(() => {
      this.#tasks.delete(task);
    });
    // What fails stays among the tasks: whoever waits next is told
    task.catch(() => undefined);
    this.#tasks.add(task);
    if (this.#tasks.size >= this.#most) await Promise.race(this.#tasks);
  }

  async end(): Promise<void> {
    await Promise.all(this.#tasks);
  }
}
