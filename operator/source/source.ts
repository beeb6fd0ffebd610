import type { Wanted } from '../core/wanted.ts';

/** Provides the wanted objects of this node: whole sets, never events. */
export interface Source {
  /** The newest whole set; the same object while nothing changed. */
  read(): Promise<Wanted>;
  /** `changed` is called whenever a read may return something new. */
  onChange(changed: () => void): void;
  close(): Promise<void>;
}
