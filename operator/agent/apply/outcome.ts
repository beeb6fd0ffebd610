import type { Reason } from '../../api/reason.ts';
import type { Step } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import { reasonOf } from '../reason.ts';

/** The outcome of one step: a value, never an exception. `id`: of the map that the step made or found. */
export type Outcome = { readonly step: Step; readonly ok: true; readonly id?: number } | FailedOutcome;

export interface FailedOutcome {
  readonly step: Step;
  readonly ok: false;
  readonly reason: Reason;
  readonly message: string;
}

export function done(step: Step, id?: number): Outcome {
  return id === undefined ? { step, ok: true } : { step, ok: true, id };
}

export function failed(step: Step, error: KernelError, reason: Reason = reasonOf(error)): FailedOutcome {
  return { step, ok: false, reason, message: error.message };
}

/** Runs one effect: a KernelError becomes the step's outcome, anything else is a bug and is thrown. */
export function attempt(step: Step, effect: () => number | undefined): Outcome {
  try {
    return done(step, effect());
  } catch (error) {
    if (error instanceof KernelError) return failed(step, error);
    throw error;
  }
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
