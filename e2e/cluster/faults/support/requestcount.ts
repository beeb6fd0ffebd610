import { expect } from 'chai';
import type { FaultyProxy } from './proxy.ts';

/** The requests that went through a proxy, from a moment on. */
export class RequestCount {
  readonly #proxy: FaultyProxy;
  readonly #from: number;

  constructor(proxy: FaultyProxy) {
    this.#proxy = proxy;
    this.#from = proxy.requests.length;
  }

  get count(): number {
    return this.#proxy.requests.length - this.#from;
  }

  isAtMost(most: number): void {
    if (process.env['SHOW_REQUESTS'] !== undefined) console.log(`      ${this.count}: ${this}`);
    expect(this.count, String(this)).to.be.at.most(most);
  }

  /** Each request with its count, for a count that surprises. */
  toString(): string {
    const counts = new Map<string, number>();
    for (const { method, path, watch } of this.#proxy.requests.slice(this.#from)) {
      const name = `${watch ? 'WATCH' : method} ${path.replace(/^\/apis?\//, '')}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return [...counts].map(([name, count]) => `${count} × ${name}`).join(', ');
  }
}
