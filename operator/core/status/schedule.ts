/** After the first difference, milliseconds: a status is written to everybody who watches. */
const STEPS = [1_000, 5_000, 15_000, 60_000];
const LAST_STEP = 60_000;
/** Without anything to write for so long, the next difference is the first again. */
const QUIET = 60_000;
/** In one series, however urgent: what flaps is not followed at every turn. */
const MOST_URGENT = 6;
/** Thousands that became different within a moment are due together. */
const GRID = 50;

export interface Mark {
  readonly now: number;
  /** Not to be put off. */
  readonly urgent: boolean;
  /** What is asked has changed: whoever asked waits for an answer. */
  readonly fresh?: boolean;
}

interface Series {
  readonly since: number;
  writes: number;
  writtenAt: number;
  /** Since when it has waited; absent: nothing is different. */
  waiting?: number;
  due: number;
}

/** When which status is written. Pure but for what it remembers: time is told. */
export class Schedule {
  readonly #series = new Map<string, Series>();
  readonly #waiting = new Set<string>();
  readonly #urgent = new Set<string>();
  /** Nothing that waits is due before. */
  #earliest = Number.POSITIVE_INFINITY;

  /** What is wanted differs from what is written. */
  mark(id: string, { now, urgent, fresh = false }: Mark): void {
    let series = this.#series.get(id);
    const isQuiet = series !== undefined && series.waiting === undefined && now - series.writtenAt >= QUIET;
    if (series === undefined || isQuiet || fresh) {
      const waiting = series?.waiting;
      series = { since: now, writes: 0, writtenAt: now, due: Number.POSITIVE_INFINITY };
      if (waiting !== undefined) series.waiting = waiting;
      this.#series.set(id, series);
    }
    series.waiting ??= now;
    if (urgent && series.writes < MOST_URGENT) series.due = Math.min(series.due, now);
    series.due = Math.min(series.due, nextStep(series));
    if (series.due <= now) this.#urgent.add(id);
    else this.#wait(id, series.due);
  }

  /** What is due, each once: it counts as not different until it is marked again. */
  take(now: number, most: number): readonly string[] {
    if (this.#earliest <= now) this.#sift(now);
    const taken: string[] = [];
    for (const id of this.#urgent) {
      if (taken.length === most) break;
      this.#urgent.delete(id);
      this.#waiting.delete(id);
      const series = this.#series.get(id)!;
      delete series.waiting;
      series.due = Number.POSITIVE_INFINITY;
      taken.push(id);
    }
    return taken;
  }

  /** It was written. */
  wrote(id: string, now: number): void {
    const series = this.#series.get(id);
    if (series === undefined) return;
    series.writes++;
    series.writtenAt = now;
  }

  /** It could not be written: again after the wait, or at the next step. */
  failed(id: string, now: number, wait: number): void {
    const series = this.#series.get(id);
    if (series === undefined) return;
    series.waiting ??= now;
    series.due = Math.min(series.due, now + wait);
    this.#urgent.delete(id);
    this.#wait(id, series.due);
  }

  /** Whatever waits is due: there will be no later. */
  hurry(now: number): void {
    for (const id of this.#waiting) this.#series.get(id)!.due = now;
    this.#earliest = this.#waiting.size === 0 ? Number.POSITIVE_INFINITY : now;
  }

  forget(id: string): void {
    this.#series.delete(id);
    this.#waiting.delete(id);
    this.#urgent.delete(id);
  }

  /** When there will be something to take; infinite: not before the next mark. */
  get nextDue(): number {
    return this.#urgent.size > 0 ? Number.NEGATIVE_INFINITY : this.#earliest;
  }

  get depth(): number {
    return this.#waiting.size + this.#urgent.size;
  }

  /** Since when the one that has waited longest has. */
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

  #sift(now: number): void {
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const id of this.#waiting) {
      const { due } = this.#series.get(id)!;
      if (due > now) this.#earliest = Math.min(this.#earliest, due);
      else {
        this.#waiting.delete(id);
        this.#urgent.add(id);
      }
    }
  }
}

/** The first step of the series that comes after its last write. */
function nextStep({ since, writes, writtenAt }: Series): number {
  const passed = writes === 0 ? 0 : writtenAt - since;
  const step = STEPS.find(each => each > passed) ?? LAST_STEP * (Math.floor(passed / LAST_STEP) + 1);
  return Math.ceil((since + step) / GRID) * GRID;
}
