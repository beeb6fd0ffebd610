/** One watch of a simulated server. It yields lines until it is ended. */
export class Watcher implements AsyncIterable<Uint8Array> {
  #lines: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  push(type: string, object: object): void {
    this.#lines.push(Buffer.from(`${JSON.stringify({ type, object })}\n`));
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const lines = this.#lines;
      this.#lines = [];
      yield* lines;
      if (this.#lines.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }
}
