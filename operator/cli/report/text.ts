import type { Condition } from '../../api/status.ts';
import { counted } from '../../core/plan/print.ts';
import type { InnerMapReport, OuterMapReport, Report } from '../../core/report/report.ts';
import type { Terminal } from '../command.ts';
import { colourOf } from '../terminal/colour.ts';
import { printable, table } from '../terminal/table.ts';

/** Where the folder agent leaves its report unless told otherwise. */
export const DEFAULT_REPORT = '/run/innermap/status.json';

/** Inner maps that are not ready are listed up to this many: the summary counts the rest. */
const LONGEST_LIST = 50;

/** Whether everything that the report's manifests declare is in the kernel. */
export function isReady(report: Report): boolean {
  return (
    report.refusals.length === 0 &&
    report.outerMaps.every(outerMap => outerMap.ready) &&
    report.innerMaps.every(innerMap => innerMap.ready) &&
    readyCondition(report)?.status !== 'False'
  );
}

/** Outer maps, those that are not ready first; then what else is not ready, and why. */
export function statusText(report: Report, terminal: Terminal): string {
  const failed = report.innerMaps.filter(innerMap => !innerMap.ready);
  return [
    outerMapTable(report.outerMaps),
    ...reasons(report.outerMaps, terminal),
    failed.length === 0 ? '' : `\n${innerMapTable(failed)}`,
    ...report.refusals.map(
      ({ origin, message }) => `${colourOf(terminal, 'out').bad(printable(origin))}: ${printable(message)}\n`,
    ),
    `\n${summary(report, failed.length, terminal)}\n`,
  ].join('');
}

function outerMapTable(outerMaps: readonly OuterMapReport[]): string {
  if (outerMaps.length === 0) return 'No outer maps are declared\n';
  const header = ['OUTER MAP', 'TYPE', 'INNER', 'MAPS', 'ENTRIES', 'READY', 'REASON', 'PIN'];
  const rows = failuresFirst(outerMaps).map(outerMap => [
    outerMap.name,
    outerMap.type,
    outerMap.inner,
    String(outerMap.innerMaps),
    String(outerMap.entries),
    outerMap.ready ? 'True' : 'False',
    outerMap.reason,
    outerMap.pin,
  ]);
  return table(header, rows);
}

function failuresFirst(outerMaps: readonly OuterMapReport[]): readonly OuterMapReport[] {
  return [...outerMaps].sort((a, b) => Number(a.ready) - Number(b.ready) || (a.name < b.name ? -1 : 1));
}

/** The messages of outer maps that are not ready: they are too long for a column. */
function reasons(outerMaps: readonly OuterMapReport[], terminal: Terminal): readonly string[] {
  const { bad } = colourOf(terminal, 'out');
  const lines = outerMaps
    .filter(outerMap => !outerMap.ready && outerMap.message !== '')
    .map(outerMap => `${bad(outerMap.name)}: ${printable(outerMap.message)}\n`);
  return lines.length === 0 ? [] : ['\n', ...lines];
}

function innerMapTable(failed: readonly InnerMapReport[]): string {
  const header = ['INNER MAP', 'OUTER', 'KEY', 'REASON', 'MESSAGE'];
  const rows = failed
    .slice(0, LONGEST_LIST)
    .map(each => [`${each.namespace}/${each.name}`, each.outerMap, each.key, each.reason, each.message]);
  const rest = failed.length - rows.length;
  return table(header, rows) + (rest > 0 ? `and ${rest} more\n` : '');
}

function summary(report: Report, failed: number, terminal: Terminal): string {
  const { good, bad } = colourOf(terminal, 'out');
  const ready = report.outerMaps.reduce((sum, { innerMaps }) => sum + innerMaps, 0);
  const total = counted(ready + failed, 'inner map');
  const condition = readyCondition(report);
  if (isReady(report)) return good(`Ready: ${total} as declared`);
  const parts = [
    `${failed} of ${total} not ready`,
    ...(report.refusals.length === 0 ? [] : [`${counted(report.refusals.length, 'manifest')} refused`]),
    ...(condition?.status === 'False' && condition.message !== '' ? [printable(condition.message)] : []),
  ];
  return bad(`Not ready: ${parts.join(', ')}`);
}

function readyCondition(report: Report): Condition | undefined {
  return report.state.conditions.find(condition => condition.type === 'Ready');
}
