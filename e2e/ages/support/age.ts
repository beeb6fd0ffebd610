import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, NATIVE } from '../../../native/stage.ts';

/** Kernels of before 6.8, which native/age.c plays at this machine's speed. */
export const AGES = ['5.10', '5.15', '6.1'] as const;
/** `none`: this machine's kernel as it is. */
export type Age = (typeof AGES)[number] | 'none';

/** What the shim counts: grace periods that were waited for, and the most calls that waited at once. */
export interface Waited {
  /** By first threads: they have the event loop. */
  readonly onLoop: number;
  readonly offLoop: number;
  /** Calls that wait now. */
  readonly waiting: number;
  readonly atOnce: number;
}

/** A kernel of this age for child processes: `before` goes before their command. */
export class AgedKernel {
  readonly #directory = mkdtempSync(join(tmpdir(), 'innermap-age-'));
  readonly #age: Age;
  readonly #graceMs: number;

  constructor(age: Age, graceMs = 8) {
    this.#age = age;
    this.#graceMs = graceMs;
  }

  get before(): readonly string[] {
    return [
      'env',
      `LD_PRELOAD=${join(NATIVE, 'build', 'age.so')}`,
      `AGE=${this.#age}`,
      `AGE_MS=${this.#graceMs}`,
      `AGE_TOLD=${this.#told}`,
    ];
  }

  /** So far: also while processes run. */
  waited(): Waited {
    const bytes = readFileSync(this.#told);
    const number = (at: number) => Number(bytes.readBigUInt64LE(8 * at));
    return { onLoop: number(0), offLoop: number(1), waiting: number(2), atOnce: number(3) };
  }

  leave(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #told(): string {
    return join(this.#directory, 'told');
  }
}

/** Gives each test of a suite its aged kernels, and takes them away. */
export function useAges(): (age: Age, graceMs?: number) => AgedKernel {
  const made: AgedKernel[] = [];
  before(function () {
    build(this);
  });
  afterEach(() => {
    for (const kernel of made.splice(0)) kernel.leave();
  });
  return (age, graceMs) => {
    const kernel = new AgedKernel(age, graceMs);
    made.push(kernel);
    return kernel;
  };
}
