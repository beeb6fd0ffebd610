import type { Reason } from '../../api/reason.ts';
import type { Step, Verb } from '../../core/plan/step.ts';
import { type Errno, KernelError } from '../../kernel/error.ts';
import { reasonOf } from '../reason.ts';

/** The outcome of one step: a value, never an exception. */
export type Outcome =
  | {
      readonly step: Step;
      readonly ok: true;
      /** Of the map that the step made or found. */
      readonly id?: number;
      /** The inner map was made for several keys. */
      readonly shared?: true;
      /** Its id alone is recorded: this process may not open it. */
      readonly recorded?: true;
    }
  | FailedOutcome;

export interface FailedOutcome {
  readonly step: Step;
  readonly ok: false;
  readonly errno: Errno;
  readonly reason: Reason;
  readonly message: string;
}

export function done(step: Step, id?: number): Outcome {
  return id === undefined ? { step, ok: true } : { step, ok: true, id };
}

/** An inner map is in its outer map. */
export function programmed(
  step: Step,
  { id, shared }: { readonly id: number; readonly shared: boolean },
): Outcome {
  return shared ? { step, ok: true, id, shared } : { step, ok: true, id };
}

export function failed(step: Step, error: KernelError, reason: Reason = reasonOf(error)): FailedOutcome {
  return { step, ok: false, errno: error.errno, reason, message: error.message };
}

/** Runs one effect: a KernelError becomes the step's outcome, anything else is a bug and is thrown. */
export function attempt(step: Step, effect: () => number | undefined): Outcome {
  return attemptOutcome(step, () => done(step, effect()));
}

/** The same for an effect that gives its outcome. */
export function attemptOutcome(step: Step, effect: () => Outcome): Outcome {
  try {
    return effect();
  } catch (error) {
    if (error instanceof KernelError) return failed(step, error);
    throw error;
  }
}

/** Steps that put right what somebody else changed. */
export type DriftedStep = Extract<Step, { readonly cause: unknown }>;

/** The outcomes of a turn, each looked at once. */
export interface Tally {
  steps: number;
  /** Steps that succeeded, by verb. */
  readonly done: Partial<Record<Verb, number>>;
  readonly failed: FailedOutcome[];
  readonly drifted: DriftedStep[];
  /** Of those that drifted. */
  repaired: number;
}

export function emptyTally(): Tally {
  return { steps: 0, done: {}, failed: [], drifted: [], repaired: 0 };
}

export function count(tally: Tally, outcome: Outcome): void {
  const { step } = outcome;
  tally.steps += 1;
  if (outcome.ok) tally.done[step.verb] = (tally.done[step.verb] ?? 0) + 1;
  else tally.failed.push(outcome);
  if (!('cause' in step) || step.cause !== 'drift') return;
  tally.drifted.push(step);
  if (outcome.ok) tally.repaired += 1;
}

/** The same for an asynchronous effect that gives the outcomes of several steps. */
export async function attemptAll(
  steps: readonly Step[],
  effect: () => Promise<readonly Outcome[]>,
): Promise<readonly Outcome[]> {
  try {
    return await effect();
  } catch (error) {
    if (error instanceof KernelError) return steps.map(step => failed(step, error));
    throw error;
  }
}
