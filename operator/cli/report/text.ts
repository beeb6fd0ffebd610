import type { Condition, RetainedOuterMap } from '../../api/status.ts';
import { printable } from '../../api/text/printable.ts';
import { compareText } from '../../core/desired/seniority.ts';
import { counted, mapsText } from '../../core/plan/print.ts';
import type { InnerMapReport, OuterMapReport, Report } from '../../core/report/report.ts';
import type { Terminal } from '../command.ts';
import { colourOf } from '../terminal/colour.ts';
import { cutTable, table } from '../terminal/table.ts';

/** Where the folder agent writes its report by default. */
export const DEFAULT_REPORT = '/run/innermap/status.json';

/** Whether everything that the report's manifests declare is in the kernel. */
export function isReady(report: Report): boolean {
  return (
    report.refusals.length === 0 &&
    report.outerMaps.every(({ ready }) => ready) &&
    report.innerMaps.every(({ ready }) => ready) &&
    readyCondition(report)?.status !== 'False'
  );
}

/**
 * Outer maps, those that are not ready first; then what else is not ready, and why. `asOf`: how the summary begins where
 * the report may be about the past.
 */
export function statusText(report: Report, terminal: Terminal, asOf?: string): string {
  const { bad } = colourOf(terminal, 'out');
  const failed = report.innerMaps.filter(({ ready }) => !ready);
  const { retained = [] } = report.state;
  // Messages of outer maps are too long for a column
  const messages = report.outerMaps
    .filter(({ ready, message }) => !ready && message !== '')
    .map(({ name, message }) => `${bad(name)}: ${printable(message)}\n`);
  return [
    outerMapTable(report.outerMaps),
    ...(messages.length === 0 ? [] : ['\n', ...messages]),
    failed.length === 0 ? '' : `\n${innerMapTable(failed.map(inner => withoutOuters(inner, report)))}`,
    ...(retained.length === 0 ? [] : ['\n', ...retained.map(each => retainedLine(each, terminal))]),
    ...report.refusals.map(({ origin, message }) => `${bad(printable(origin))}: ${printable(message)}\n`),
    `\n${asOf === undefined ? summary(report, terminal) : bad(`${asOf}, ${partsOf(report).join(', ')}`)}\n`,
  ].join('');
}

function outerMapTable(outerMaps: readonly OuterMapReport[]): string {
  if (outerMaps.length === 0) return 'No outer maps are declared\n';
  return table(failuresFirst(outerMaps), {
    'OUTER MAP': ({ name }) => name,
    TYPE: ({ type }) => type,
    INNER: ({ inner }) => inner,
    MAPS: ({ innerMaps, distinct }) => mapsText(innerMaps, distinct),
    ENTRIES: ({ entries }) => entries,
    READY: ({ ready }) => (ready ? 'True' : 'False'),
    REASON: ({ reason }) => reason,
    PIN: ({ pin }) => pin,
  });
}

/** What is told of the outer map already is not told again of each of its inner maps. */
function withoutOuters(inner: InnerMapReport, { outerMaps }: Report): InnerMapReport {
  const own = outerMaps.find(({ name, ready }) => name === inner.outerMap && !ready)?.message;
  const isTold = own !== undefined && own !== '' && inner.message.endsWith(`, ${own}`);
  return isTold ? { ...inner, message: inner.message.slice(0, -own.length - 2) } : inner;
}

/** How an outer map goes that nobody declares, and whose deletionPolicy was Retain. */
export const LETTING_GO = 'it goes when it is declared with deletionPolicy: Delete and then deleted';

function retainedLine({ name, pin, innerMaps }: RetainedOuterMap, terminal: Terminal): string {
  const { warn } = colourOf(terminal, 'out');
  const where = pin === undefined ? '' : ` at ${printable(pin)}`;
  const what = `${printable(name)}${where} with ${counted(innerMaps, 'inner map')}`;
  return `${warn('Retained:')} ${what}: nobody declares it; ${LETTING_GO}\n`;
}

function failuresFirst(outerMaps: readonly OuterMapReport[]): readonly OuterMapReport[] {
  return outerMaps.toSorted((a, b) => Number(a.ready) - Number(b.ready) || compareText(a.name, b.name));
}

function innerMapTable(failed: readonly InnerMapReport[]): string {
  return cutTable(failed, {
    'INNER MAP': ({ namespace, name }) => `${namespace}/${name}`,
    OUTER: ({ outerMap }) => outerMap,
    KEY: ({ key }) => key,
    REASON: ({ reason }) => reason,
    MESSAGE: ({ message }) => message,
  });
}

function summary(report: Report, terminal: Terminal): string {
  const { good, bad } = colourOf(terminal, 'out');
  const parts = partsOf(report).join(', ');
  return isReady(report) ? good(`Ready: ${parts}`) : bad(`Not ready: ${parts}`);
}

function partsOf(report: Report): readonly string[] {
  const failed = report.innerMaps.filter(({ ready }) => !ready).length;
  const ready = report.outerMaps.reduce((sum, { innerMaps }) => sum + innerMaps, 0);
  const total = counted(ready + failed, 'inner map');
  const condition = readyCondition(report);
  if (isReady(report)) return [`${total} as declared`];
  return [
    `${failed} of ${total} not ready`,
    ...(report.refusals.length === 0 ? [] : [`${counted(report.refusals.length, 'manifest')} refused`]),
    ...(condition?.status === 'False' && !isTold(condition, report) ? [printable(condition.message)] : []),
  ];
}

/** The condition has the first failure or refusal again; what nothing else tells must be said. */
function isTold({ message }: Condition, { outerMaps, innerMaps, refusals }: Report): boolean {
  const told = [...outerMaps, ...innerMaps].filter(({ ready }) => !ready).map(each => each.message);
  const all = [...told, ...refusals.map(refusal => refusal.message)].filter(text => text !== '');
  return message === '' || all.some(text => message.endsWith(text));
}

function readyCondition(report: Report): Condition | undefined {
  return report.state.conditions.find(({ type }) => type === 'Ready');
}
