import type { Answer, Kubectl } from '../cluster/plane/kubectl.ts';

/** A cluster of real nodes that a test may break: the same scenarios run on each kind of it. */
export interface Provider {
  readonly name: string;
  readonly kubeconfig: string;
  readonly kubectl: Kubectl;
  /** By name: all of them. */
  readonly nodes: readonly string[];
  /** Those without the control plane's taint. */
  readonly workers: readonly string[];
  /** An image archive comes onto every node, so that pods may name what is in it. */
  load(archive: string): Promise<void>;
  /** A command on the node itself, to its end, as its root. */
  run(node: string, command: readonly string[], input?: string): Promise<Answer>;
  /** Power off at once: processes, mounts and pins are gone, the disk stays. */
  stopNode(node: string): Promise<void>;
  /** Power on: resolves when its container runtime answers; its kubelet follows. */
  startNode(node: string): Promise<void>;
  /** No packet comes in or goes out, until it is mended. */
  cutNode(node: string, isCut: boolean): Promise<void>;
  /** The kubelet ends at once, and comes back by itself; pods run on. */
  killKubelet(node: string): Promise<void>;
  /** The API server ends at once. */
  stopServer(): Promise<void>;
  /** It is there again, and ready. */
  startServer(): Promise<void>;
  /** The last lines of the logs of the cluster's own parts. */
  logs(): Promise<string>;
  /** Everything is gone. */
  down(): Promise<void>;
}
