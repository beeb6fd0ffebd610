/** Why a turn comes: something changed, pins changed, what failed is due again, it is time to look. */
export type Heard = 'changed' | 'pins' | 'retry' | 'resync';

/** Waits for the next reason to turn; what rings meanwhile is kept, the most thorough first. */
export class Bell {
  readonly #stop: AbortSignal;
  #rung: Heard | undefined;
  #wake: (() => void) | undefined;
  #resyncAt: number | undefined;

  constructor(stop: AbortSignal) {
    this.#stop = stop;
    stop.addEventListener('abort', this.#stopped);
  }

  ring(reason: 'changed' | 'pins'): void {
    if (this.#rung !== 'pins') this.#rung = reason;
    this.#wake?.();
  }

  /** A resync that is due comes next, however much rings: a turn sees what changed in any case. */
  async next(resyncMs: number, retryMs: number | undefined): Promise<Heard> {
    const now = performance.now();
    if (this.#resyncAt === undefined) this.#resyncAt = now + resyncMs;
    const resyncIn = this.#resyncAt - now;
    const first = retryMs !== undefined && retryMs < resyncIn ? 'retry' : 'resync';
    const waited = resyncIn <= 0 ? 'time' : await this.#wait(first === 'retry' ? retryMs! : resyncIn);
    const heard = waited === 'rung' ? this.#rung! : first;
    if (heard === 'resync') this.#resyncAt = performance.now() + resyncMs;
    this.#rung = undefined;
    return heard;
  }

  silence(): void {
    this.#stop.removeEventListener('abort', this.#stopped);
  }

  readonly #stopped = (): void => this.#wake?.();

  #wait(milliseconds: number): Promise<'rung' | 'time'> {
    if (this.#rung !== undefined) return Promise.resolve('rung');
    if (this.#stop.aborted) return Promise.resolve('time');
    return new Promise(resolve => {
      const timer = setTimeout(() => this.#finish(timer, resolve, 'time'), milliseconds);
      this.#wake = () => this.#finish(timer, resolve, this.#rung === undefined ? 'time' : 'rung');
    });
  }

  #finish(timer: NodeJS.Timeout, resolve: (waited: 'rung' | 'time') => void, waited: 'rung' | 'time'): void {
    clearTimeout(timer);
    this.#wake = undefined;
    resolve(waited);
  }
}
