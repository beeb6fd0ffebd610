import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Network, OpenNetwork, Ports } from '../../cluster/plane/network.ts';
import type { State } from '../../cluster/plane/state.ts';

const CONTROL_PLANE = '10.66.0.1';
const NODES = 'nodes';
/** Its own: else a bridge takes that of one of its ports, and another when that node goes, which nobody would be told. */
const MAC = '02:00:00:00:00:01';
const LOOK_AGAIN_MS = 2;

/** What a node has of the network: its own address, and those of its pods. */
export interface Addresses {
  readonly address: string;
  readonly pods: string;
}

/** Of the node with this number, from 1 on. */
export function addressesOf(number: number): Addresses {
  return { address: `10.66.0.${10 + number}`, pods: `10.244.${number}.0/24` };
}

/**
 * A network namespace with a bridge, which joins the control plane and the nodes; this machine's own network stays as it
 * is. It lives as long as the state.
 */
export class Bridge implements Network {
  readonly address = CONTROL_PLANE;
  readonly hasNodes = true;
  readonly #pid: number;

  private constructor(pid: number) {
    this.#pid = pid;
  }

  /** `relay`: the program that offers a port of the namespace on this machine's loopback. */
  static opener(relay: string): OpenNetwork<Bridge> {
    return async (state, ports) => {
      const bridge = new Bridge(await heldNamespace(state));
      bridge.#setUp();
      bridge.#offer(state, relay, ports);
      return bridge;
    };
  }

  inside(command: readonly string[]): readonly string[] {
    return ['nsenter', `--net=${this.#file}`, ...command];
  }

  /** A cable from the bridge to the node whose process 1 this is: its `eth0`. The packets of its pods go there, too. */
  plug(pid: number, { address, pods }: Addresses): void {
    const port = portOf(address);
    this.#unplug(port);
    this.#ip([
      `link add ${port} type veth peer name eth0 netns ${pid}`,
      `link set ${port} master ${NODES} up`,
      `route replace ${pods} via ${address}`,
    ]);
    ip(`/proc/${pid}/ns/net`, [
      'link set lo up',
      `address add ${address}/24 dev eth0`,
      'link set eth0 up',
      `route add default via ${CONTROL_PLANE}`,
    ]);
  }

  /** The end of before a reboot goes with its other end, a moment after the node's last process: perhaps while we look. */
  #unplug(port: string): void {
    if (!this.#links().has(port)) return;
    try {
      this.#ip([`link delete ${port}`]);
    } catch (error) {
      if (this.#links().has(port)) throw error;
    }
  }

  /** Cuts a node's cable, or mends it. */
  cut(address: string, isCut: boolean): void {
    this.#ip([`link set ${portOf(address)} ${isCut ? 'down' : 'up'}`]);
  }

  get #file(): string {
    return `/proc/${this.#pid}/ns/net`;
  }

  #setUp(): void {
    this.#ip([
      'link set lo up',
      `link add ${NODES} address ${MAC} type bridge`,
      `address add ${CONTROL_PLANE}/24 dev ${NODES}`,
      `link set ${NODES} up`,
    ]);
    // A pod of one node reaches those of others through here
    const forward = 'echo 1 >/proc/sys/net/ipv4/ip_forward';
    entered(this.#file, ['sh', '-c', forward]);
  }

  #offer(state: State, relay: string, { server, store }: Ports): void {
    const to = { server: `${CONTROL_PLANE}:${server}`, store: `127.0.0.1:${store}` };
    for (const [name, port] of Object.entries({ server, store })) {
      const words = ['--listen', `127.0.0.1:${port}`, '--namespace', this.#file];
      state.start(`relay-${name}`, relay, [...words, '--to', to[name as keyof Ports]]);
    }
  }

  #links(): ReadonlySet<string> {
    const links = JSON.parse(entered(this.#file, ['ip', '-json', 'link'])) as readonly { ifname: string }[];
    return new Set(links.map(({ ifname }) => ifname));
  }

  #ip(commands: readonly string[]): void {
    ip(this.#file, commands);
  }
}

function portOf(address: string): string {
  return `node${address.split('.').at(-1)}`;
}

/** The process that holds it does nothing else. */
async function heldNamespace(state: State): Promise<number> {
  const pid = state.start('network', 'unshare', ['--net', 'sleep', 'infinity']);
  const own = readlinkSync('/proc/self/ns/net');
  while (readlinkSync(`/proc/${pid}/ns/net`) === own) await sleep(LOOK_AGAIN_MS);
  return pid;
}

function ip(namespace: string, commands: readonly string[]): void {
  entered(namespace, ['ip', '-batch', '-'], `${commands.join('\n')}\n`);
}

/** Not `ip netns exec`, which mounts another /sys. */
function entered(namespace: string, command: readonly string[], input = ''): string {
  return execFileSync('nsenter', [`--net=${namespace}`, ...command], {
    input,
    encoding: 'utf8',
    stdio: 'pipe',
  });
}
