import type { AgentStart } from './agent.ts';

/**
 * Serves metrics and health while another agent holds the lock: this one is alive, so that no kubelet restarts it, and
 * not ready.
 */
export class WaitingServer {
  readonly #start: AgentStart;
  #holder = '';
  #closing: Promise<() => Promise<void>> | undefined;

  constructor(start: AgentStart) {
    this.#start = start;
  }

  /** Serves from the first call on. */
  waits(holder: string): void {
    const { listen } = this.#start.options;
    this.#holder = holder;
    if (listen !== undefined) this.#closing ??= this.#serve(listen);
  }

  /** The address is free again when this resolves. */
  async end(): Promise<void> {
    await (await this.#closing)?.();
  }

  async #serve(listen: string): Promise<() => Promise<void>> {
    const { agentMetrics } = await import('../support/metrics/agent.ts');
    const { serve } = await import('../support/serve.ts');
    const { version, log } = this.#start;
    const metrics = agentMetrics(version);
    const unready = () => `Another agent works on this bpffs, waiting for it to end: ${this.#holder}`;
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
