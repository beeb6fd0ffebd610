import type { DesiredInner } from '../desired/compile.ts';
import type { DesiredOuter } from '../desired/desired.ts';
import type { LedgerRecord } from '../ledgerrecord.ts';
import type { UndeclaredLedger } from '../observed.ts';
import type { Difference } from './difference.ts';

/** Why a key is written though its declaration did not change. */
export type Cause = 'declared' | 'drift';

/** One thing to do to one object. `outer` names the OuterMap. */
export type Step =
  /** Writes the ledger's record: first of all, so that a crash leaves a name to what follows. */
  | { readonly verb: 'record'; readonly outer: string; readonly record: LedgerRecord }
  /** Template, outer map, the ledger's pin; the template is closed. */
  | { readonly verb: 'create'; readonly outer: string; readonly desired: DesiredOuter }
  /** Second pin, in the ledger, of the map with this id that stands at `pin`; over an older one. */
  | {
      readonly verb: 'adopt';
      readonly outer: string;
      readonly pin: string;
      readonly id: number;
      readonly again: boolean;
    }
  | { readonly verb: 'pin'; readonly outer: string; readonly pin: string; readonly mode: number }
  | { readonly verb: 'unpin'; readonly outer: string; readonly pin: string }
  /** The inner map is in the outer map already, its pin still has the temporary name: a crash came between. */
  | { readonly verb: 'settle'; readonly outer: string; readonly from: string; readonly to: string }
  /** A pin that proves nothing: its inner map is not in the outer map. */
  | { readonly verb: 'unlink'; readonly outer: string; readonly pin: string }
  | {
      readonly verb: 'insert' | 'replace';
      readonly outer: string;
      readonly inner: DesiredInner;
      readonly cause: Cause;
      readonly pinTaken: boolean;
    }
  | {
      readonly verb: 'edit';
      readonly outer: string;
      readonly inner: DesiredInner;
      readonly cause: Cause;
      readonly id: number;
      readonly difference: Difference;
    }
  | {
      readonly verb: 'remove';
      readonly outer: string;
      readonly key: Uint8Array;
      readonly keyText: string;
      readonly ours: boolean;
      readonly pin?: string;
      /** The inner map that may go, where another's may not: somebody may take the key since it was looked at. */
      readonly only?: number;
    }
  /** An OuterMap that nobody declares any more, with deletionPolicy Delete: all that is ours of it goes. */
  | { readonly verb: 'letGo'; readonly outer: string; readonly abandoned: UndeclaredLedger };

export type Verb = Step['verb'];
