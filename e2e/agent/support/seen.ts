import { survivors } from '../../../native/stage.ts';
import { idsIn, shown } from './witness.ts';

const ATTEMPTS = 5;

/** Every map that a test could reach, to look for it in the end. */
export class SeenMaps {
  readonly #ids = new Set<number>();

  /** Notes the maps at these pins and what is in them. An agent may rename pins meanwhile: they are asked for again then. */
  note(pins: () => readonly string[], attempts = ATTEMPTS): void {
    try {
      const found = pins();
      for (const [at, { id, type }] of shown(found).entries()) {
        this.#ids.add(id);
        if (String(type).endsWith('_of_maps'))
          for (const inner of idsIn(found[at]!).values()) this.#ids.add(inner);
      }
    } catch (error) {
      if (attempts === 1) throw error;
      this.note(pins, attempts - 1);
    }
  }

  /** Those that are still there. */
  left(): Promise<number[]> {
    return survivors(this.#ids);
  }
}
