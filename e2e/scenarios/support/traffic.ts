import type { Kubectl } from '../../cluster/kubectl.ts';
import { mustAnswer } from '../../must.ts';

/** Packets to one address, counted at both ends (native/traffic/traffic.h). Times are nanoseconds since 1970. */
export interface Flow {
  readonly flow: number;
  readonly sent: number;
  readonly received: number;
  readonly late: number;
  readonly gaps: number;
  readonly lastReceivedSentAt: string;
  readonly stoppedAt: string;
  readonly resumedAt: string;
}

interface Report {
  readonly overrun: number;
  readonly flows: readonly Flow[];
}

/** What runs beside a firewall in a pod. */
export class Traffic {
  readonly #kubectl: Kubectl;
  readonly #namespace: string;
  readonly #pod: string;

  constructor(kubectl: Kubectl, namespace: string, pod: string) {
    this.#kubectl = kubectl;
    this.#namespace = namespace;
    this.#pod = pod;
  }

  /** Exact: nothing is under way. With `reset`, counting begins anew. */
  async report(reset = false): Promise<readonly Flow[]> {
    const words = ['exec', '-n', this.#namespace, this.#pod, '-c', 'traffic', '--', 'traffic', 'report'];
    const ask = () => this.#kubectl.run([...words, ...(reset ? ['--reset'] : [])]);
    const { out } = await mustAnswer('traffic reports', ask, { expected: ({ code }) => code === 0 });
    const { overrun, flows } = JSON.parse(out) as Report;
    if (overrun > 0) throw new Error(`Cannot count: the receiver had no room for ${overrun} packets`);
    return flows;
  }
}

/** Everything that was sent arrived, once and in order. */
export function isWhole({ sent, received, late, gaps }: Flow): boolean {
  return sent > 0 && sent === received && late === 0 && gaps === 0;
}

/** Now, as the packets' stamps have it; on the machine of the nodes. */
export function stampNow(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
