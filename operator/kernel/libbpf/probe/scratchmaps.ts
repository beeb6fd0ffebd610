import type { OuterType } from '../../../api/outermap.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { KernelError } from '../../error.ts';
import type { Host } from '../maps.ts';
import { createTyped, OwnedMap } from '../maps.ts';

/** Outer entries of a probe. A HashOfMaps has as many buckets. */
export const PROBE_ENTRIES = 16;
const LABEL = 'a probe';

/** Maps that are closed after the probe. */
export class ScratchMaps {
  readonly #host: Host;
  readonly #maps: OwnedMap[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  create(spec: MapSpec, innerFd = 0): OwnedMap {
    const creation = { spec, name: 'innermap_probe', operation: 'create', label: LABEL, innerFd };
    const map = new OwnedMap(this.#host.library, createTyped(this.#host, creation), LABEL);
    this.#maps.push(map);
    return map;
  }

  createOuter(type: OuterType, inner: OwnedMap): OwnedMap {
    return this.create({ type, keySize: 4, valueSize: 4, maxEntries: PROBE_ENTRIES, flags: 0 }, inner.fd);
  }

  /** Whether such a map can be made here, and an outer map takes it as template. */
  can(spec: MapSpec): boolean {
    try {
      this.createOuter('ArrayOfMaps', this.create(spec));
      return true;
    } catch (error) {
      if (error instanceof KernelError) return false;
      throw error;
    }
  }

  close(): void {
    for (const map of this.#maps) map.close();
  }
}
