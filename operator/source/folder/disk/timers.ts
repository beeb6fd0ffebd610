/** One timer for each path: the newest counts. */
export class PathTimers {
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #due: (path: string) => void;

  constructor(due: (path: string) => void) {
    this.#due = due;
  }

  get size(): number {
    return this.#timers.size;
  }

  has(path: string): boolean {
    return this.#timers.has(path);
  }

  set(path: string, milliseconds: number): void {
    clearTimeout(this.#timers.get(path));
    const due = () => {
      this.#timers.delete(path);
      this.#due(path);
    };
    this.#timers.set(path, setTimeout(due, Math.max(1, Math.ceil(milliseconds))));
  }

  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
