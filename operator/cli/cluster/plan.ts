import { present } from '../../api/parse/section.ts';
import { printable } from '../../api/text/printable.ts';
import type { ObjectChange } from '../../core/compare/applied.ts';
import { changeLine, entryChangeLines } from '../../core/compare/entries.ts';
import { counted } from '../../core/plan/print.ts';
import { EXIT, type Given, type Ports, type Terminal } from '../command.ts';
import { colourOf } from '../terminal/colour.ts';
import { paintedDiff } from '../terminal/diff.ts';
import { note } from '../terminal/note.ts';
import { withProgress } from '../terminal/progress.ts';
import type { AppliedOutcome, ClusterAddress } from './ports.ts';

/** `kubectl innermap plan FILE…` */
export async function planAgainst(given: Given, ports: Ports, address: ClusterAddress): Promise<number> {
  const { terminal } = ports;
  const named = present({ namespace: given.text('namespace') });
  const outcome = await withProgress(terminal, 'Reading', progress =>
    ports.inspect.planFiles({ address, paths: given.operands, ...named, progress }),
  );
  if (given.text('output') === 'json') terminal.out(`${JSON.stringify(outcome, null, 2)}\n`);
  else show(outcome, terminal);
  if (outcome.refusals.length + outcome.problems.length > 0) return EXIT.error;
  return outcome.changes.some(({ kind }) => kind !== 'unchanged') ? EXIT.attention : EXIT.done;
}

function show(outcome: AppliedOutcome, terminal: Terminal): void {
  const { bad } = colourOf(terminal, 'error');
  for (const text of outcome.notes) note(terminal, text);
  for (const { origin, message } of outcome.refusals)
    terminal.error(`${bad(printable(origin))}: ${printable(message)}\n`);
  const origins = new Map(outcome.changes.map(({ object, origin }) => [object, `${origin}: `]));
  for (const { object, reason, message } of outcome.problems)
    terminal.error(
      `${origins.get(object) ?? ''}${bad(printable(object))}: ${reason}, ${printable(message)}\n`,
    );
  const lines = outcome.changes.filter(({ kind }) => kind !== 'unchanged').flatMap(changeLines);
  terminal.out(paintedDiff(lines.map(printable), terminal));
  terminal.out(`${summary(outcome)}\n`);
}

function summary({ changes, problems, refusals }: AppliedOutcome): string {
  const count = (kind: ObjectChange['kind']) => changes.filter(change => change.kind === kind).length;
  const rest = [
    ...(problems.length === 0 ? [] : [counted(problems.length, 'problem')]),
    ...(refusals.length === 0 ? [] : [`${refusals.length} refused`]),
  ];
  return `${count('created')} created, ${count('changed')} changed, ${count('unchanged')} unchanged${rest.map(text => `, ${text}`).join('')}`;
}

function changeLines({ kind, object, origin, fields, entries }: ObjectChange): readonly string[] {
  if (kind === 'created') {
    const contents = entries === undefined ? '' : `, ${counted(entries.added, 'entry', 'entries')}`;
    return [`+ ${object}: created${contents} (${origin})`];
  }
  return [
    `~ ${object}: changed (${origin})`,
    ...fields.map(({ field, before, after }) => `  ${changeLine(field, before, after)}`),
    ...(entries === undefined ? [] : entryChangeLines(entries).map(text => `  ${text}`)),
  ];
}
