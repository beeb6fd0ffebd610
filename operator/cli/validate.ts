import { present } from '../api/parse/section.ts';
import { printable } from '../api/text/printable.ts';
import { counted } from '../core/plan/print.ts';
import { CLUSTER, namespaceOption, outputOption } from './arguments/options.ts';
import { clusterMeant, NAME_A_CLUSTER } from './cluster/which.ts';
import {
  type Command,
  EXIT,
  type Given,
  type LoadedManifests,
  type Ports,
  type Terminal,
  UsageError,
} from './command.ts';
import { colourOf } from './terminal/colour.ts';
import { withProgress } from './terminal/progress.ts';
import { byPlace, filePosition, type ValidationProblem, validationProblems } from './validate/findings.ts';

export const VALIDATE: Command = {
  name: 'validate',
  summary: 'check manifests, as they are or also by a cluster’s API server',
  usage: 'DIR|FILE…',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  options: [
    {
      name: 'server',
      summary: 'also ask the API server to apply them without writing, by all of its admission',
    },
    ...CLUSTER,
    namespaceOption('with --server: of InnerMaps whose manifests name none (default: the context’s)'),
    outputOption('text', 'json'),
  ],
  notes: [
    'Each problem is told as file:line:column, the field, what is wrong, and what would be right. Contents are checked\nby the types and access rules of their OuterMap: pass it along with the InnerMaps.',
    'Needs no kernel and no cluster but with --server, which shows what each object is refused with; what only other\nfiles bring, such as a namespace, is not there yet for it.',
    'Exit code: 0 the manifests can be applied (there may be warnings), 2 they cannot.',
  ],
  examples: [
    { line: 'validate ./maps', says: 'a folder, as the agent would read it' },
    { line: 'validate tenants.yaml web.yaml', says: 'an OuterMap, and an InnerMap for it' },
    { line: 'validate ./maps --server --context prod', says: 'also by the API server and its policies' },
    { line: 'validate ./maps -o json', says: 'for an editor or a CI job' },
  ],
  run,
};

async function run(given: Given, ports: Ports): Promise<number> {
  const { terminal } = ports;
  const loaded = await withProgress(terminal, 'Checking manifests', progress =>
    ports.loadManifests(given.operands, progress),
  );
  const refused = await refusedByServer(given, ports);
  const findings = [...validationProblems(loaded), ...refused].sort(byPlace);
  if (given.text('output') === 'json') terminal.out(`${JSON.stringify(jsonOf(loaded, findings), null, 2)}\n`);
  else show(loaded, findings, terminal);
  return findings.some(isError) ? EXIT.error : EXIT.done;
}

async function refusedByServer(
  given: Given,
  { terminal, inspect }: Ports,
): Promise<readonly ValidationProblem[]> {
  if (!given.switched('server')) {
    const unused = ['kubeconfig', 'context', 'namespace'].find(option => given.switched(option));
    if (unused === undefined) return [];
    throw new UsageError(`Option --${unused} is for --server: add that`, 'validate');
  }
  const address = clusterMeant(given, terminal);
  if (address === undefined)
    throw new UsageError(`Option --server needs a cluster: ${NAME_A_CLUSTER}`, 'validate');
  const named = present({ namespace: given.text('namespace') });
  const refusals = await withProgress(terminal, 'Asking the API server', progress =>
    inspect.refusedByServer({ address, paths: given.operands, ...named, progress }),
  );
  return refusals.map(refusal => ({ ...refusal, severity: 'error' }));
}

function jsonOf(loaded: LoadedManifests, findings: readonly ValidationProblem[]) {
  const { outerMaps, innerMaps } = loaded.wanted;
  return {
    ...{ files: loaded.files, outerMaps: outerMaps.length, innerMaps: innerMaps.length },
    findings: findings.map(({ origin, ...finding }) => ({ ...filePosition(origin), ...finding })),
  };
}

function show(loaded: LoadedManifests, findings: readonly ValidationProblem[], terminal: Terminal): void {
  const { bad, warn, good } = colourOf(terminal, 'out');
  for (const { origin, message, severity } of findings) {
    const mark = severity === 'error' ? bad(severity) : warn(severity);
    const place = origin === '' ? '' : `${printable(origin)}: `;
    terminal.out(`${place}${mark}: ${printable(message)}\n`);
  }
  const errors = findings.filter(isError).length;
  const warnings = findings.length - errors;
  const verdict = errors > 0 ? bad(counted(errors, 'error')) : good('no errors');
  terminal.out(
    `${objectsText(loaded)}: ${verdict}${warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`}\n`,
  );
}

function isError({ severity }: ValidationProblem): boolean {
  return severity === 'error';
}

/** `3 files, 1 outer map, 12 inner maps, 48000 entries` */
function objectsText({ files, wanted }: LoadedManifests): string {
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
