import type { Wanted } from '../core/wanted.ts';

/** What is wanted on this node: whole sets, never events. */
export interface Source {
  /** The newest whole set. Cheap when nothing changed: the same object again. */
  read(): Promise<Wanted>;
  /** Called whenever a read may answer something new. */
  onChange(changed: () => void): void;
  close(): Promise<void>;
}
