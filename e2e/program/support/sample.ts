import { mkdirSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { NATIVE } from '../../../native/stage.ts';
import { type LoadedAgentFixture, PROGRAMS } from '../../agent/support/loadedagent.ts';
import { innerMap, type Manifest, outerMap } from '../../agent/support/manifests.ts';

export const PASS = 1;
export const DROP = 2;

const HEADER = readFileSync(join(NATIVE, 'tenants.h'), 'utf8');

/** The sample program's outer maps, as whoever runs it declares them: the structs are pasted from its header. */
export const TENANTS = outerMap('tenants', {
  ...{ provision: 'Adopt', maxEntries: 1024, key: 'ipv4' },
  inner: {
    ...{ type: 'Hash', maxEntries: 4096, flags: ['NoPrealloc'] },
    ...{ key: struct('tenant_port'), value: struct('tenant_rule'), programOwned: ['packets'] },
  },
});

export const LIMITS = outerMap('limits', {
  ...{ provision: 'Adopt', type: 'ArrayOfMaps', maxEntries: 256 },
  inner: { type: 'Hash', maxEntries: 1024, key: '__be16', value: '__u32', flags: ['NoPrealloc'] },
});

/** `tcp/443` → what becomes of packets to it. */
export type Rules = Readonly<Record<string, typeof PASS | typeof DROP>>;

/** The rules of one destination. */
export function tenant(name: string, destination: string, rules: Rules, spec: object = {}): Manifest {
  const entries = Object.entries(rules).map(([service, action]) => {
    const [proto = '', port] = service.split('/');
    return { key: { port: Number(port), proto: PROTOCOLS[proto] }, value: { action } };
  });
  return innerMap(name, { outerMap: 'tenants', key: destination }, {}, { entries, ...spec });
}

/** The longest packets that UDP may bring from each source port. */
export function udpLimits(limits: Readonly<Record<number, number>>): Manifest {
  return innerMap('platform/udp', { outerMap: 'limits', key: PROTOCOLS['udp']! }, limits);
}

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17 };

/** One packet; `bytes` and the source port matter to the limits alone. */
export interface Packet {
  readonly to: string;
  readonly service: string;
  readonly from?: number;
  readonly bytes?: number;
  readonly times?: number;
}

/** The loaded program, as its loader and the network see it. */
export class Program {
  readonly pin: string;
  readonly #fixture: LoadedAgentFixture;

  constructor(fixture: LoadedAgentFixture) {
    this.#fixture = fixture;
    mkdirSync(fixture.pin(PROGRAMS));
    this.pin = fixture.pin(`${PROGRAMS}filter`);
  }

  /** With --replace as a new version of the program is brought: new outer maps at the same pins. */
  load(...words: readonly string[]): { readonly tenants: number; readonly limits: number } {
    const outers = ['--pin-outer', this.#fixture.pin('tenants'), '--pin-limits', this.#fixture.pin('limits')];
    const answer = this.#fixture.driver('load', ...outers, '--pin-prog', this.pin, ...words);
    return { tenants: answer['outer'] as number, limits: answer['limits'] as number };
  }

  /** As a loader that keeps its maps: the new program gets the outer map that is pinned. */
  loadAgain(): void {
    unlinkSync(this.pin);
    this.#fixture.driver(
      'load',
      '--pin-outer',
      this.#fixture.pin('tenants'),
      '--pin-prog',
      this.pin,
      '--reuse',
    );
  }

  /** What becomes of a packet, by a test run of the program in the kernel. */
  verdict({ to, service, from, bytes, times }: Packet): unknown {
    const [proto = '', port = ''] = service.split('/');
    const words = ['--pin-prog', this.pin, '--dst', to, '--proto', proto, '--port', port];
    if (from !== undefined) words.push('--source-port', String(from));
    if (bytes !== undefined) words.push('--bytes', String(bytes));
    if (times !== undefined) words.push('--repeat', String(times));
    return this.#fixture.driver('run', ...words)['retval'];
  }

  /** What the program counted in a tenant's rule, as bpftool reads it. */
  packets(to: string, service: string): number {
    const value = this.#fixture.contents('tenants')[addressHex(to)]?.[serviceHex(service)];
    if (value === undefined) throw new Error(`No rule for ${to} ${service}`);
    return Number(Buffer.from(value, 'hex').readBigUInt64LE(8));
  }
}

/** As struct tenant_port lies in memory, padding included. */
export function serviceHex(service: string): string {
  const [proto = '', port] = service.split('/');
  const key = Buffer.alloc(4);
  key.writeUInt16BE(Number(port));
  key.writeUInt8(PROTOCOLS[proto]!, 2);
  return key.toString('hex');
}

export function addressHex(address: string): string {
  return Buffer.from(address.split('.').map(Number)).toString('hex');
}

function struct(name: string): string {
  const text = new RegExp(`struct ${name} \\{[^}]*\\}`).exec(HEADER)?.[0];
  if (text === undefined) throw new Error(`Cannot find struct ${name} in tenants.h`);
  return text;
}
