import type { DesiredInner } from '../desired/compile.ts';
import type { DesiredOuter } from '../desired/desired.ts';
import type { Entries } from '../entries.ts';
import type { OuterLayout } from '../layout/outer.ts';
import type { LedgerRecord } from '../ledgerrecord.ts';
import type { UndeclaredLedger } from '../observed.ts';
import type { Difference } from './difference.ts';

/** Why a key is written: its declaration changed, or the kernel did. */
export type Cause = 'declared' | 'drift';

/** Makes the inner map of a key, replaces it, or edits it in place. */
export type Write = {
  readonly outer: string;
  readonly inner: DesiredInner;
  readonly cause: Cause;
  /** What was at the key; absent where nothing was. */
  readonly found?: FoundMap;
} & (
  | {
      readonly verb: 'insert' | 'replace';
      readonly pinTaken: boolean;
      /** Whose the pin that is there is, where the inner map stands at several keys. */
      readonly sharer?: string;
    }
  | { readonly verb: 'edit'; readonly id: number; readonly difference: Difference }
);

/** An inner map that is replaced or edited. */
export interface FoundMap {
  readonly id: number;
  readonly layout: OuterLayout;
  /** This operator made it. Of what others made, a program or its loader may hold the map. */
  readonly made: boolean;
  /** The ledger has a pin of it, by which it can be opened. */
  readonly pinned: boolean;
  /** Absent where they were not read. */
  readonly entries?: Entries;
}

/** One effect on one object. `outer` names the OuterMap. */
export type Step = Write | ({ readonly outer: string } & OuterEffect);

type OuterEffect =
  /** Writes the ledger's record: before all else, so that a crash leaves a name to the other steps. */
  | { readonly verb: 'record'; readonly record: LedgerRecord }
  /** Makes the template, the outer map and the ledger's pin; closes the template. */
  | { readonly verb: 'create'; readonly desired: DesiredOuter }
  /** Pins the map with this id, which is pinned at `pin`, in the ledger; `again`: over an older pin. */
  | { readonly verb: 'adopt'; readonly pin: string; readonly id: number; readonly again: boolean }
  /**
   * Makes another outer map and all of its inner maps, then puts it in the place of the one with the id `before`: at the
   * pin, in the ledger, in the record. A failure of any part leaves the one before where it is.
   */
  | {
      readonly verb: 'recreate';
      readonly desired: DesiredOuter;
      readonly writes: readonly Write[];
      readonly record: LedgerRecord;
      readonly before: number;
      readonly mode: number;
      /** The pin of the one before, where the new one has another. */
      readonly unpin?: string;
    }
  /** The record says that the map under the temporary name takes the place of the one before: a crash came between. */
  | {
      readonly verb: 'takeOver';
      readonly id: number;
      readonly record: LedgerRecord;
      readonly mode: number;
      /** Pins of the one before, and those that are not declared any more. */
      readonly unpin: readonly string[];
    }
  /** A crash left another outer map under its temporary name, which nothing asks for. */
  | { readonly verb: 'drop' }
  | { readonly verb: 'pin'; readonly pin: string; readonly mode: number; readonly cause: Cause }
  | { readonly verb: 'unpin'; readonly pin: string }
  /** The inner map with this id, which others made, is as declared: it is ours from now on, and so is its end. */
  | { readonly verb: 'claim'; readonly inner: DesiredInner; readonly id: number }
  /** The inner map is in the outer map, but a crash left its pin with the temporary name. */
  | { readonly verb: 'settle'; readonly from: string; readonly to: string }
  /** Removes a pin that proves nothing: its inner map is not in the outer map. */
  | { readonly verb: 'unlink'; readonly pin: string }
  | {
      readonly verb: 'remove';
      readonly keyHex: string;
      readonly keyText: string;
      readonly ours: boolean;
      /** The inner map there, where this operator did not make it: a program or its loader may hold it. */
      readonly foreign?: number;
      readonly pin?: string;
      /** The only inner map that may be removed: another owner may have taken the key since it was read. */
      readonly only?: number;
    }
  /** Removes everything of ours of an OuterMap that nobody declares any more, by deletionPolicy Delete. */
  | { readonly verb: 'letGo'; readonly abandoned: UndeclaredLedger };

export type Verb = Step['verb'];
