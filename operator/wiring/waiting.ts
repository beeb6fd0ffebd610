import type { Log } from '../support/log.ts';

export interface WaitingOptions {
  /** Absent: no machine asks. */
  readonly listen: string | undefined;
  readonly version: string;
  readonly log: Log;
}

/** What machines are told while another agent works: this one is alive, so that no kubelet starts it anew, and not ready. */
export class Waiting {
  readonly #options: WaitingOptions;
  #holder = '';
  #closing: Promise<() => Promise<void>> | undefined;

  constructor(options: WaitingOptions) {
    this.#options = options;
  }

  /** Served from the first time on. */
  waits(holder: string): void {
    this.#holder = holder;
    if (this.#options.listen !== undefined) this.#closing ??= this.#serve(this.#options.listen);
  }

  /** The address is free again when this resolves. */
  async end(): Promise<void> {
    await (await this.#closing)?.();
  }

  async #serve(listen: string): Promise<() => Promise<void>> {
    const { agentMetrics } = await import('../support/metrics/agent.ts');
    const { serve } = await import('../support/serve.ts');
    const metrics = agentMetrics({ version: this.#options.version });
    const unready = () => `Another agent works on this bpffs, waiting for it to end: ${this.#holder}`;
    const { log } = this.#options;
    try {
      const serving = await serve({ listen, metrics, unhealthy: () => undefined, unready });
      log.info('Serving health while waiting', { address: serving.address });
      return async () => {
        await serving.close();
        metrics.close();
      };
    } catch (error) {
      log.warn('Nothing is served while waiting', { error: (error as Error).message });
      return async () => metrics.close();
    }
  }
}
