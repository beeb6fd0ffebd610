/** Times of writes after the first change, in milliseconds. They are spaced because each write reaches all watchers. */
const STEPS_MS = [1_000, 5_000, 15_000, 60_000];
const LAST_STEP_MS = 60_000;
/** A series of changes ends after this many milliseconds without one. */
const QUIET_MS = 60_000;
/** Urgent writes in one series. This limits the writes for a flapping object. */
const MAX_URGENT = 6;
/** Due times are rounded up to this many milliseconds, so that thousands of changes are due together. */
const GRID_MS = 50;

export interface Mark {
  readonly now: number;
  /** The write must not be delayed. */
  readonly urgent: boolean;
  /** The object's spec changed, so its user waits for the result: a new series starts. */
  readonly fresh?: boolean;
}

interface Series {
  readonly since: number;
  writes: number;
  writtenAt: number;
  /** Since when a change has waited; absent if none does. */
  waiting?: number;
  due: number;
}

/** Decides when each status is written. The caller passes the time, in milliseconds. */
export class Schedule {
  readonly #series = new Map<string, Series>();
  readonly #waiting = new Set<string>();
  readonly #urgent = new Set<string>();
  /** A lower bound of the due times in #waiting. */
  #earliest = Number.POSITIVE_INFINITY;

  /** Records that a status changed. */
  mark(id: string, { now, urgent, fresh = false }: Mark): void {
    let series = this.#series.get(id);
    const isQuiet =
      series !== undefined && series.waiting === undefined && now - series.writtenAt >= QUIET_MS;
    if (series === undefined || isQuiet || fresh) {
      const waiting = series?.waiting;
      series = { since: now, writes: 0, writtenAt: now, due: Number.POSITIVE_INFINITY };
      if (waiting !== undefined) series.waiting = waiting;
      this.#series.set(id, series);
    }
    series.waiting ??= now;
    if (urgent && series.writes < MAX_URGENT) series.due = Math.min(series.due, now);
    series.due = Math.min(series.due, nextStep(series));
    if (series.due <= now) this.#expedite(id);
    else if (!this.#urgent.has(id)) this.#wait(id, series.due);
  }

  /** Removes and returns at most `limit` ids that are due. A status waits again only after the next mark or failure. */
  take(now: number, limit: number): readonly string[] {
    if (this.#earliest <= now) this.#sift(now);
    const taken: string[] = [];
    for (const id of this.#urgent) {
      if (taken.length >= limit) break;
      this.#urgent.delete(id);
      const series = this.#series.get(id)!;
      delete series.waiting;
      series.due = Number.POSITIVE_INFINITY;
      taken.push(id);
    }
    return taken;
  }

  /** Records a write. */
  wrote(id: string, now: number): void {
    const series = this.#series.get(id);
    if (series === undefined) return;
    series.writes++;
    series.writtenAt = now;
  }

  /** Schedules the retry of a failed write after `wait` milliseconds, or earlier if a step is due. */
  failed(id: string, now: number, wait: number): void {
    const series = this.#series.get(id);
    if (series === undefined) return;
    series.waiting ??= now;
    series.due = Math.min(series.due, now + wait);
    this.#urgent.delete(id);
    this.#wait(id, series.due);
  }

  /** Makes all waiting statuses due, because the process is about to end. */
  hurry(now: number): void {
    for (const id of this.#waiting) this.#series.get(id)!.due = now;
    this.#earliest = this.#waiting.size === 0 ? Number.POSITIVE_INFINITY : now;
  }

  forget(id: string): void {
    this.#series.delete(id);
    this.#waiting.delete(id);
    this.#urgent.delete(id);
  }

  /** Whether the id was marked and is not forgotten. */
  knows(id: string): boolean {
    return this.#series.has(id);
  }

  /** A lower bound of the next due time: -Infinity if an id is due, Infinity if none waits. */
  get nextDue(): number {
    return this.#urgent.size > 0 ? Number.NEGATIVE_INFINITY : this.#earliest;
  }

  get depth(): number {
    return this.#waiting.size + this.#urgent.size;
  }

  /** Since when the longest waiting status has waited. */
  get oldest(): number | undefined {
    let oldest: number | undefined;
    for (const ids of [this.#urgent, this.#waiting])
      for (const id of ids) {
        const since = this.#series.get(id)!.waiting;
        if (since !== undefined && (oldest === undefined || since < oldest)) oldest = since;
      }
    return oldest;
  }

  #wait(id: string, due: number): void {
    this.#waiting.add(id);
    this.#earliest = Math.min(this.#earliest, due);
  }

  /** Moves an id to those that are due. It is in one set only, so that `depth` counts it once. */
  #expedite(id: string): void {
    this.#waiting.delete(id);
    this.#urgent.add(id);
  }

  #sift(now: number): void {
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const id of this.#waiting) {
      const { due } = this.#series.get(id)!;
      if (due > now) this.#earliest = Math.min(this.#earliest, due);
      else this.#expedite(id);
    }
  }
}

/** The time of the first step after the last write of the series. */
function nextStep({ since, writes, writtenAt }: Series): number {
  const passed = writes === 0 ? 0 : writtenAt - since;
  const step = STEPS_MS.find(each => each > passed) ?? LAST_STEP_MS * (Math.floor(passed / LAST_STEP_MS) + 1);
  return Math.ceil((since + step) / GRID_MS) * GRID_MS;
}
