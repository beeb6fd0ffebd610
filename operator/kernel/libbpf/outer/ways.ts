import type { KernelState } from '../../../api/status.ts';
import type { Trial } from './waiting.ts';
import { LEAST_GRACE_PERIOD_MS, waits } from './waiting.ts';

/** Load can stretch the one grace period of a smaller batch to a millisecond for each of its entries. */
const LEAST_JUDGED = 256;

/** How this kernel's calls on outer maps are made with the fewest grace periods. */
export class OuterWays {
  /** The probe's; until then a kernel without the batch says so at the first call. */
  updateBatch: KernelState['outerBatch'] = 'once';
  /** Of a HashOfMaps: an ArrayOfMaps has no delete batch on any kernel. It waits once since 5.18, where there is one. */
  deletesByBatch = true;
  /** Whether a program of ours can walk inner maps: the probe's; until then, and where a lack of memory hid it, it is tried. */
  walks = true;
  #lookupsWait: Promise<boolean> | undefined;

  /**
   * Whether each lookup waits for a grace period, also each place of an ArrayOfMaps in a batch (before 6.8). Asked with the
   * first lookup, as commands read without a probe.
   */
  lookupsWait(lookup: Trial): Promise<boolean> {
    this.#lookupsWait ??= waits(lookup).catch((error: unknown) => {
      this.#lookupsWait = undefined;
      throw error;
    });
    return this.#lookupsWait;
  }

  /**
   * A batch that waits for each entry takes a thousand times its time, and corrects what the probe found. So late can a
   * batch come on a busy machine, too: `refused` is asked, which no load can change.
   */
  async updated({ entries, milliseconds }: BatchTime, refused: Trial): Promise<void> {
    if (entries <= LEAST_JUDGED || milliseconds < entries * LEAST_GRACE_PERIOD_MS) return;
    if (await waits(refused)) this.updateBatch = 'perEntry';
  }
}

interface BatchTime {
  readonly entries: number;
  readonly milliseconds: number;
}
