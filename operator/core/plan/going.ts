import { hasContents } from '../mapspec.ts';
import type { Step, Write } from './step.ts';

/**
 * What a step takes away from programs, in words; undefined where it takes nothing. A swap of what this operator made takes
 * nothing that is not declared, unless programs alone know what is in it.
 */
export function goingText(step: Step): string | undefined {
  switch (step.verb) {
    case 'replace':
      return replacedText(step);
    case 'remove':
      return step.foreign === undefined ? undefined : awayText(step.foreign);
    case 'recreate':
      return `programs keep map ${step.before} until they open its pin again`;
    case 'takeOver':
      return 'programs keep the map before until they open its pin again';
    case 'letGo':
      return step.abandoned.record?.provision === 'Adopt' && step.abandoned.innerPins.length > 0
        ? 'takes away what this operator put into the outer map that was adopted, and leaves what it took over'
        : undefined;
    default:
      return undefined;
  }
}

function replacedText({ found, inner }: Write): string | undefined {
  if (found === undefined || (found.made && hasContents(inner.spec.type))) return undefined;
  return awayText(found.id);
}

function awayText(id: number): string {
  return `takes inner map ${id} away from programs: who holds it open is alone with it, and what they wrote there is gone`;
}
