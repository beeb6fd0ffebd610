import type { State } from './state.ts';

/** Where a control plane runs. Its ports are on this machine's loopback, too. */
export interface Network {
  /** Of the API server. */
  readonly address: string;
  /** Whether nodes and pods reach that. */
  readonly hasNodes: boolean;
  /** A command, as it runs there. */
  inside(command: readonly string[]): readonly string[];
}

export interface Ports {
  readonly server: number;
  readonly store: number;
}

/** What the network needs lives and ends with the state. */
export type OpenNetwork<Opened extends Network = Network> = (state: State, ports: Ports) => Promise<Opened>;

export const LOOPBACK: OpenNetwork = async () => ({
  address: '127.0.0.1',
  hasNodes: false,
  inside: command => command,
});
