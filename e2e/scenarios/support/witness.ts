import { type Contents, contentsOf, dumpsOf, idsOf, outputsOf } from '../../agent/support/witness.ts';
import type { Kubectl } from '../../cluster/plane/kubectl.ts';
import { mustAnswer } from '../../must.ts';
import { podsOf } from './pods.ts';

export const WITNESS_NAMESPACE = 'e2e-witness';
const UNREACHED = /unable to upgrade connection|error dialing backend|NotFound|container not found/;
const ATTEMPTS = 5;
const BPFFS = '/sys/fs/bpf';

/** Looks into the nodes' kernels with bpftool, from the pods of e2e/tools/tools.yaml. */
export class Witness {
  readonly #kubectl: Kubectl;

  constructor(kubectl: Kubectl) {
    this.#kubectl = kubectl;
  }

  /** What the outer map at this pin of a node holds, by key; nothing where there is no such pin. */
  async contents(node: string, pin: string, attempts = ATTEMPTS): Promise<Contents | undefined> {
    const ids = await this.ids(node, pin);
    try {
      return ids && contentsOf(ids, await this.bpftool(node, dumpsOf(ids)));
    } catch (error) {
      // One may have been replaced in between
      if (attempts === 1) throw error;
      return this.contents(node, pin, attempts - 1);
    }
  }

  /** The inner maps' ids, by key. */
  async ids(node: string, pin: string): Promise<ReadonlyMap<string, number> | undefined> {
    if (!(await this.pins(node)).includes(pin)) return undefined;
    return idsOf(await this.bpftool(node, [`map dump pinned ${BPFFS}/${pin}`]));
  }

  /** Everything in the node's bpffs, relative to it. */
  async pins(node: string): Promise<readonly string[]> {
    const out = await this.run(node, ['busybox', 'find', BPFFS]);
    return out
      .split('\n')
      .map(path => path.slice(BPFFS.length + 1))
      .filter(Boolean)
      .sort();
  }

  /** The output of each command, in their order. */
  async bpftool(node: string, commands: readonly string[]): Promise<readonly unknown[]> {
    if (commands.length === 0) return [];
    const out = await this.run(node, ['bpftool', '-j', 'batch', 'file', '-'], `${commands.join('\n')}\n`);
    return outputsOf(out, commands);
  }

  /** A command beside the witness, as root with its capabilities. */
  async run(node: string, command: readonly string[], input = ''): Promise<string> {
    const ask = async () => {
      const words = ['exec', '-i', '-n', WITNESS_NAMESPACE, await this.#pod(node), '--', ...command];
      return this.#kubectl.run(words, input);
    };
    // A kubelet that has just started does not know its pods yet
    const { code, out, error } = await mustAnswer(`the witness on ${node} answers`, ask, {
      expected: answer => !UNREACHED.test(answer.error),
    });
    if (code !== 0) throw new Error(`${command.join(' ')} on ${node} ended with ${code}: ${error}${out}`);
    return out;
  }

  async #pod(node: string): Promise<string> {
    const chosen = { namespace: WITNESS_NAMESPACE, label: 'app=witness', fields: `spec.nodeName=${node}` };
    return (await podsOf(this.#kubectl, chosen)).at(-1)?.metadata.name ?? 'none';
  }
}
