import type { Flow, TrafficReport } from '../../../native/wire.ts';
import type { Kubectl } from '../../cluster/plane/kubectl.ts';
import { mustAnswer } from '../../must.ts';

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
    const words = ['exec', '-n', this.#namespace, this.#pod, '-c', 'traffic', '--', 'driver', 'report'];
    const ask = () => this.#kubectl.run([...words, reset ? '--reset' : '--quiesce']);
    const { out } = await mustAnswer('traffic reports', ask, { expected: ({ code }) => code === 0 });
    const { overflown, settled, flows } = JSON.parse(out) as TrafficReport;
    if (overflown > 0 || settled !== true) throw new Error(`Cannot count: ${out}`);
    return flows;
  }
}

/** Everything that was sent arrived, once and in order. */
export function isWhole({ sent, received, gaps, behind, duplicates, reordered }: Flow): boolean {
  return sent > 0 && sent === received && gaps + behind + duplicates + reordered === 0;
}

/** Whether no packet that was sent after this moment arrived. */
export function isOverBy({ last }: Flow, moment: bigint): boolean {
  return last === undefined || BigInt(last.sentAt) <= moment;
}

/** Now, as the packets' stamps have it; on the machine of the nodes. */
export function stampNow(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
