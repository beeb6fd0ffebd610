import { present } from '../../api/parse/section.ts';
import type { ObjectChange } from '../../core/compare/applied.ts';
import type { EntryChange, EntryChanges } from '../../core/compare/entries.ts';
import type { FieldChange } from '../../core/compare/fields.ts';
import { counted } from '../../core/plan/print.ts';
import { EXIT, type Given, type Ports, type Terminal } from '../command.ts';
import { colourOf } from '../terminal/colour.ts';
import { paintedDiff } from '../terminal/diff.ts';
import { note } from '../terminal/note.ts';
import { withProgress } from '../terminal/progress.ts';
import { printable } from '../terminal/table.ts';
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
  if (lines.length > 0) terminal.out(paintedDiff(lines.map(printable).join('\n'), terminal));
  terminal.out(`${summary(outcome)}\n`);
}

function summary({ changes, problems }: AppliedOutcome): string {
  const count = (kind: ObjectChange['kind']) => changes.filter(change => change.kind === kind).length;
  const [created, changed, unchanged] = [count('created'), count('changed'), count('unchanged')];
  const rest = problems.length === 0 ? '' : `, ${counted(problems.length, 'problem')}`;
  return `${created} created, ${changed} changed, ${unchanged} unchanged${rest}`;
}

function changeLines({ kind, object, origin, fields, entries }: ObjectChange): readonly string[] {
  if (kind === 'created') {
    const contents = entries === undefined ? '' : `, ${counted(entries.added, 'entry', 'entries')}`;
    return [`+ ${object}: created${contents} (${origin})`];
  }
  return [
    `~ ${object}: changed (${origin})`,
    ...fields.map(field => `  ${fieldLine(field)}`),
    ...(entries === undefined ? [] : entryLines(entries).map(text => `  ${text}`)),
  ];
}

function fieldLine({ field, before, after }: FieldChange): string {
  if (before === undefined) return `+ ${field}: ${after}`;
  return after === undefined ? `- ${field}: ${before}` : `~ ${field}: ${before} → ${after}`;
}

function entryLines({ added, changed, removed, first }: EntryChanges): readonly string[] {
  const rest = added + changed + removed - first.length;
  return [
    `~ entries: ${added} added, ${changed} changed, ${removed} removed`,
    ...first.map(change => `  ${entryLine(change)}`),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

function entryLine({ kind, key, before, after }: EntryChange): string {
  if (kind === 'added') return `+ ${key}: ${after}`;
  return kind === 'removed' ? `- ${key}: ${before}` : `~ ${key}: ${before} → ${after}`;
}
