import { innerMapName } from '../api/innermap.ts';
import type { Refusal, WantedInner } from '../core/wanted.ts';
import { outputOption } from './arguments/options.ts';
import {
  type Command,
  EXIT,
  type Given,
  type Loaded,
  type ObjectSize,
  type Ports,
  type Terminal,
} from './command.ts';
import { counted } from './terminal/age.ts';
import { colourOf } from './terminal/colour.ts';
import { withProgress } from './terminal/progress.ts';

export const VALIDATE: Command = {
  name: 'validate',
  summary: 'check manifests; needs no kernel and no cluster',
  usage: 'DIR|FILE…',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  options: [outputOption('text', 'json')],
  notes: [
    'Each problem is told as file:line:column, the field, what is wrong, and what would be right. Contents are checked\nby the types of their OuterMap: pass it along with the InnerMaps.',
    'Exit code: 0 the manifests can be applied (there may be warnings), 2 they cannot.',
  ],
  examples: [
    { line: 'validate ./maps', says: 'a folder, as the agent would read it' },
    { line: 'validate tenants.yaml web.yaml', says: 'an OuterMap, and an InnerMap for it' },
    { line: 'validate ./maps -o json', says: 'for an editor or a CI job' },
  ],
  run,
};

interface Finding extends Refusal {
  readonly severity: 'error' | 'warning';
}

async function run(given: Given, ports: Ports): Promise<number> {
  const { terminal } = ports;
  const loaded = await withProgress(terminal, 'Checking manifests', progress =>
    ports.loadManifests(given.operands, progress),
  );
  const findings = findingsOf(loaded);
  const errors = findings.filter(finding => finding.severity === 'error').length;
  if (given.text('output') === 'json') terminal.out(`${JSON.stringify(jsonOf(loaded, findings), null, 2)}\n`);
  else show(loaded, findings, terminal);
  return errors > 0 ? EXIT.error : EXIT.done;
}

function findingsOf(loaded: Loaded): readonly Finding[] {
  const { wanted, sizes } = loaded;
  const refused: Finding[] = wanted.refusals.map(refusal => ({ ...refusal, severity: 'error' }));
  return [...refused, ...wanted.innerMaps.flatMap(contentFinding), ...sizes.flatMap(sizeFinding)];
}

function contentFinding({ innerMap, content, origin = '' }: WantedInner): readonly Finding[] {
  const name = `InnerMap ${innerMapName(innerMap)}`;
  if (content.kind === 'invalid')
    return [{ origin, message: `${name}: ${content.message}`, severity: 'error' }];
  if (content.kind === 'encoded') return [];
  const message = `${name}: its contents were not checked: OuterMap ${innerMap.spec.outerMap} is not among these files`;
  return [{ origin, message, severity: 'warning' }];
}

/** `kubectl apply` keeps a copy in an annotation, which ends at 256 KiB; etcd ends at 1.5 MiB. */
const CLIENT_SIDE_BYTES = 200_000;
const STORED_BYTES = 1_400_000;

function sizeFinding({ origin, object, bytes }: ObjectSize): readonly Finding[] {
  if (bytes <= CLIENT_SIDE_BYTES) return [];
  const message =
    bytes > STORED_BYTES
      ? `${object}: ${megabytes(bytes)} is more than a cluster stores in one object (1.5 MiB): a folder may hold it, a cluster may not; split it over several keys, or write its entries as a table`
      : `${object}: ${megabytes(bytes)} is too much for client-side apply: use kubectl apply --server-side`;
  return [{ origin, message, severity: 'warning' }];
}

function megabytes(bytes: number): string {
  return bytes >= 1_000_000 ? `${(bytes / 1_000_000).toFixed(1)} MB` : `${Math.round(bytes / 1000)} KB`;
}

function jsonOf(loaded: Loaded, findings: readonly Finding[]) {
  const { outerMaps, innerMaps } = loaded.wanted;
  return { files: loaded.files, outerMaps: outerMaps.length, innerMaps: innerMaps.length, findings };
}

function show(loaded: Loaded, findings: readonly Finding[], terminal: Terminal): void {
  const { bad, warn, good } = colourOf(terminal, 'out');
  for (const { origin, message, severity } of findings) {
    const mark = severity === 'error' ? bad('error') : warn('warning');
    terminal.out(`${origin === '' ? '' : `${origin}: `}${mark}: ${message}\n`);
  }
  const errors = findings.filter(finding => finding.severity === 'error').length;
  const warnings = findings.length - errors;
  const verdict = errors > 0 ? bad(counted(errors, 'error')) : good('no errors');
  terminal.out(
    `${objectsText(loaded)}: ${verdict}${warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`}\n`,
  );
}

/** `3 files, 1 outer map, 12 inner maps, 48000 entries` */
function objectsText({ files, wanted }: Loaded): string {
  let entries = 0;
  for (const { content } of wanted.innerMaps)
    if (content.kind === 'encoded') entries += content.entries.count;
  return [
    counted(files, 'file'),
    counted(wanted.outerMaps.length, 'outer map'),
    counted(wanted.innerMaps.length, 'inner map'),
    counted(entries, 'entry', 'entries'),
  ].join(', ');
}
