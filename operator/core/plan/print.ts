import { innerMapName } from '../../api/innermap.ts';
import { entryChangeLines } from '../compare/entries.ts';
import { writtenChanges } from '../compare/found.ts';
import { mapSpecText } from '../mapspec.ts';
import { goingText } from './going.ts';
import type { Plan } from './plan.ts';
import type { Step, Write } from './step.ts';

/** The plan as lines of a diff: `+` made, `~` changed, `-` removed, `!` not done and why. */
export function planLines(plan: Plan): readonly string[] {
  return [
    ...plan.steps.flatMap(stepLines),
    ...plan.held.map(
      held =>
        `! ${held.outer}: removal of ${held.keys} of ${held.of} keys is held; release it with token ${held.token}`,
    ),
    ...(plan.waiting === 0
      ? []
      : [
          `! ${counted(plan.waiting, 'removal waits', 'removals wait')} until everything that is wanted is taken`,
        ]),
    ...plan.heldEntries.map(
      ({ outer, inner: { keyText }, entries, of, token }) =>
        `! ${outer}[${keyText}]: removal of ${entries} of ${of} entries is held; release it with token ${token}`,
    ),
    ...plan.untouched.map(
      ({ outer, inner: { keyText, innerMap }, reason, message }) =>
        `! ${outer}[${keyText}]: ${innerMapName(innerMap)}, ${reason}: ${message}`,
    ),
    ...plan.refused.map(refused => `! ${refused.outer}: ${refused.reason}, ${refused.message}`),
  ];
}

/** What a swap or an edit changes, entry by entry, below its line. */
function stepLines(step: Step): readonly string[] {
  const changes = 'cause' in step && 'inner' in step ? writtenChanges(step) : undefined;
  const lines = changes === undefined ? [] : entryChangeLines(changes);
  return [stepText(step), ...lines.map(line => `  ${line}`)];
}

/** One step as a line of a diff, with what it takes away from programs. */
export function stepText(step: Step): string {
  const going = goingText(step);
  return going === undefined ? effectText(step) : `${effectText(step)}; ${going}`;
}

function effectText(step: Step): string {
  switch (step.verb) {
    case 'record':
      return `~ ${step.outer}: record the declaration in the ledger`;
    case 'create':
      return `+ ${step.outer}: create ${mapSpecText(step.desired.layout.outer)} of ${mapSpecText(step.desired.layout.template)}`;
    case 'adopt':
      return `${step.again ? '~' : '+'} ${step.outer}: adopt the outer map pinned at ${step.pin}`;
    case 'recreate':
      return `~ ${step.outer}: put a new ${mapSpecText(step.desired.layout.outer)} of ${mapSpecText(step.desired.layout.template)} with ${counted(step.writes.length, 'inner map')} in the place of map ${step.before}`;
    case 'takeOver':
      return `~ ${step.outer}: put the new outer map ${step.id} in its place`;
    case 'drop':
      return `- ${step.outer}: drop an unfinished outer map`;
    case 'pin':
      return `+ ${step.outer}: pin at ${step.pin}`;
    case 'unpin':
      return `- ${step.outer}: unpin from ${step.pin}`;
    case 'settle':
      return `~ ${step.outer}: settle the ledger's pin ${step.to}`;
    case 'claim':
      return `+ ${step.outer}[${step.inner.keyText}]: take over inner map ${step.id} for ${innerMapName(step.inner.innerMap)}, as it is`;
    case 'unlink':
      return `- ${step.outer}: unlink the stale pin ${step.pin}`;
    case 'remove':
      return `- ${step.outer}[${step.keyText}]: remove${step.ours ? '' : ' (not ours)'}`;
    case 'letGo':
      return `- ${step.outer}: let go, ${counted(step.abandoned.innerPins.length, 'inner map')}`;
    default:
      return writeText(step);
  }
}

function writeText(step: Write): string {
  const what = `${step.outer}[${step.inner.keyText}]`;
  const whose = innerMapName(step.inner.innerMap);
  const why = step.cause === 'drift' ? ', drifted' : '';
  const entries = counted(step.inner.entries.count, 'entry', 'entries');
  if (step.verb === 'insert') return `+ ${what}: insert ${whose}, ${entries}${why}`;
  if (step.verb !== 'edit') return `~ ${what}: swap ${whose}, ${entries}${why}`;
  const { missing, different, extra } = step.difference;
  return `~ ${what}: edit ${whose} in place, +${missing} ~${different} -${extra} of ${entries}${why}`;
}

/** `9999 (12 distinct)`: keys with an inner map, and how many inner maps those are in the kernel. */
export function mapsText(maps: number, distinct?: number): string {
  return `${maps}${distinctText(maps, distinct)}`;
}

export function distinctText(maps: number, distinct = maps): string {
  return distinct === maps ? '' : ` (${distinct} distinct)`;
}

/** `1 difference`, `3 differences`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
