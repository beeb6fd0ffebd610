import { objectText } from '../../api/metadata.ts';
import { capacityWarnings } from '../../core/desired/capacity.ts';
import type { Desired } from '../../core/desired/desired.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { planLines, stepText } from '../../core/plan/print.ts';
import type { ManifestProblem } from '../../core/wanted.ts';
import type { PlanOutcome } from '../command.ts';

/** A plan as `innermap plan` shows it, with what could not be taken and what cannot be programmed here. */
export function outcomeOf(plan: Plan, desired: Desired, refusals: readonly ManifestProblem[]): PlanOutcome {
  const rejected = desired.rejections.map(({ object, reason, message }) => ({
    origin: objectText(object),
    message: `${reason}, ${message}`,
  }));
  const refused = plan.refused.map(({ outer, reason, message }) => ({
    origin: `OuterMap ${outer}`,
    message: `${reason}, ${message}`,
  }));
  const untouched = plan.untouched.map(({ inner, reason, message }) => ({
    origin: objectText(inner.innerMap),
    message: `${reason}, ${message}`,
  }));
  return {
    lines: planLines({ ...plan, refused: [], untouched: [] }),
    changes: plan.steps.length,
    refusals: [...refusals, ...rejected, ...refused, ...untouched],
    warnings: capacityWarnings(desired).map(({ object, message }) => ({
      origin: objectText(object),
      message,
    })),
    held: [
      ...plan.held.map(({ outer: outerMap, keys, of, token }) => ({ outerMap, keys, of, token })),
      ...plan.heldEntries.map(({ outer: outerMap, inner, entries, of, token }) => ({
        ...{ outerMap, key: inner.keyText, entries, of, token },
      })),
    ],
    steps: plan.steps.map(step => ({
      verb: step.verb,
      outerMap: step.outer,
      text: stepText(step).slice(2),
    })),
  };
}
