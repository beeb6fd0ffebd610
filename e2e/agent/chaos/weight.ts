import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { run } from '../../../native/stage.ts';
import { ownerIn } from '../../../operator/core/desired/owner.ts';

const MB = 1024 * 1024;
/** What the collector of garbage may leave for later. */
const TOLERANCE_MB = 32;
/** Fewer readings of one process tell nothing. */
const ENOUGH = 12;

/** Resident memory of the agent, round by round. */
export class Weight {
  #pid = 0;
  #readings: number[] = [];

  note(pid: number): void {
    if (pid !== this.#pid) this.#readings = [];
    this.#pid = pid;
    this.#readings.push(residentBytes(pid) / MB);
  }

  /** The last rounds against those after a warm-up of a third. */
  mustBeFlat(): void {
    if (this.#readings.length < ENOUGH) return;
    const third = Math.floor(this.#readings.length / 3);
    const [warm, end] = [this.#readings.slice(third, 2 * third), this.#readings.slice(-third)].map(median);
    const rounds = `${this.#readings.length} rounds without a kill`;
    console.log(
      `      ${rounds}, resident: ${warm!.toFixed(0)} MB after a warm-up, ${end!.toFixed(0)} MB at the end`,
    );
    expect(end! - warm!, 'MB that the agent grew by').to.be.at.most(TOLERANCE_MB);
  }
}

/** Names of maps in the kernel that were made for one of these InnerMaps. */
export function mapsOf(owners: ReadonlySet<string>): readonly string[] {
  const maps = run('bpftool', '-j', 'map', 'show');
  const names = (JSON.parse(maps) as readonly { readonly name?: string }[]).map(({ name = '' }) => name);
  return names.filter(name => owners.has(ownerIn(name) ?? ''));
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}
