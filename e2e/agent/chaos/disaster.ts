import { existsSync, mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NATIVE, run } from '../../../native/stage.ts';
import type { LoadedAgentFixture } from '../support/loadedagent.ts';
import type { Intruder } from './intruder.ts';
import type { Random } from './random.ts';

const HOUR = 3600;
/** Seconds from this machine's wall clock. */
const JUMPS = [0, -10 * 24 * HOUR, 24 * HOUR, HOUR, -HOUR, 400 * 24 * HOUR, -61, 61] as const;

/** What befalls a whole machine: its wall clock jumps (for the agent alone), its bpffs or the ledger is gone. */
export class Disaster {
  readonly #fixture: LoadedAgentFixture;
  readonly #intruder: Intruder;
  readonly #random: Random;
  readonly #clock: string;

  constructor(fixture: LoadedAgentFixture, intruder: Intruder, random: Random) {
    this.#fixture = fixture;
    this.#intruder = intruder;
    this.#random = random;
    this.#clock = join(fixture.directory, 'clock');
    writeFileSync(this.#clock, Buffer.alloc(8));
  }

  /** Words before the agent's command: native/clock.c. */
  get before(): readonly string[] {
    return ['env', `LD_PRELOAD=${join(NATIVE, 'build', 'clock.so')}`, `CLOCK_FILE=${this.#clock}`];
  }

  jump(): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(this.#random.of(JUMPS)));
    // Never cut: the agent has it mapped
    writeFileSync(this.#clock, bytes, { flag: 'r+' });
  }

  /** As after somebody's `umount -l`; programs are loaded anew at once. */
  async remount(): Promise<void> {
    const { bpffs } = this.#fixture;
    run('umount', '--lazy', bpffs);
    if (this.#random.once(2)) await sleep(this.#random.number(1500));
    // Fails where an agent wrote there; and only this takes the old one out of mount namespaces of others, made meanwhile
    rmdirSync(bpffs);
    mkdirSync(bpffs);
    run('mount', '-t', 'bpf', 'bpf', bpffs);
    this.#intruder.settle();
  }

  /** Nothing tells any more which entries of a program's map are ours: it is loaded anew. */
  removeLedger(): void {
    const [ledger, away] = ['innermap', 'away'].map(name => this.#fixture.pin(name)) as [string, string];
    // The agent writes into it meanwhile
    if (existsSync(ledger)) renameSync(ledger, away);
    rmSync(away, { recursive: true, force: true });
    this.#intruder.reload();
  }
}
