import type { InnerMap } from '../../api/innermap.ts';
import { objectText } from '../../api/metadata.ts';
import type { OuterMap } from '../../api/outermap.ts';
import { type CompiledOuterMap, claimOf, compileOuterMap } from '../../core/desired/compile.ts';
import { desiredState } from '../../core/desired/desired.ts';
import type { Content, ManifestProblem, Wanted, WantedInner } from '../../core/wanted.ts';
import type { LoadedManifests, ManifestSize } from '../command.ts';

export interface ValidationProblem extends ManifestProblem {
  readonly severity: 'error' | 'warning';
}

export interface FilePosition {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** `rules/web.yaml:12:3` in its parts. */
export function filePosition(origin: string): FilePosition {
  const [, file = '', line, column] = /^(.*?)(?::(\d+))?(?::(\d+))?$/.exec(origin) ?? [];
  return {
    file,
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(column === undefined ? {} : { column: Number(column) }),
  };
}

/** Everything that is to be said of manifests without a kernel: by the very functions that the agent decides with. */
export function validationProblems({ wanted, sizes }: LoadedManifests): readonly ValidationProblem[] {
  const refused: ValidationProblem[] = wanted.refusals.map(refusal => ({ ...refusal, severity: 'error' }));
  const grounds = new Map(
    wanted.outerMaps.map(outerMap => [outerMap.metadata.name, compileOuterMap(outerMap)]),
  );
  const findings = [
    ...refused,
    ...wanted.outerMaps.flatMap(outerMap => groundFinding(outerMap, grounds.get(outerMap.metadata.name))),
    ...wanted.innerMaps.flatMap(inner => innerFinding(inner, grounds.get(inner.innerMap.spec.outerMap))),
    ...rivalries(wanted),
    ...sizes.flatMap(sizeFinding),
  ];
  return findings.sort(byPlace);
}

/** As an editor lists them: file by file, from top to bottom. */
export function byPlace(a: ValidationProblem, b: ValidationProblem): number {
  const [left, right] = [filePosition(a.origin), filePosition(b.origin)];
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0);
}

function groundFinding(
  outerMap: OuterMap,
  ground: CompiledOuterMap | string | undefined,
): readonly ValidationProblem[] {
  return typeof ground === 'string'
    ? [{ origin: '', message: `${objectText(outerMap)}: ${ground}`, severity: 'error' }]
    : [];
}

function innerFinding(
  inner: WantedInner,
  ground: CompiledOuterMap | string | undefined,
): readonly ValidationProblem[] {
  const { innerMap, content } = inner;
  if (content.kind === 'invalid') return invalidFindings(inner, content);
  if (typeof ground === 'string') return [];
  if (ground === undefined) {
    const message = `contents and key were not checked: OuterMap ${innerMap.spec.outerMap} is not among these files`;
    return [finding(inner, message, 'warning')];
  }
  const claim = claimOf(inner, ground);
  return claim.kind === 'claim' ? [] : [finding(inner, `${claim.reason}, ${claim.message}`)];
}

/** A line for each problem that has a place of its own, as an editor can jump to. */
function invalidFindings(
  inner: WantedInner,
  content: Content & { kind: 'invalid' },
): readonly ValidationProblem[] {
  const { details = [], unlisted = 0, message } = content;
  if (details.length === 0) return [finding(inner, message)];
  const lines = details.map(detail => finding({ ...inner, origin: detail.origin }, detail.message));
  return unlisted === 0 ? lines : [...lines, finding(inner, `${unlisted} more entries are wrong`)];
}

function finding(
  { innerMap, origin = '' }: WantedInner,
  message: string,
  severity: ValidationProblem['severity'] = 'error',
): ValidationProblem {
  return { origin, message: `${objectText(innerMap)}: ${message}`, severity };
}

/**
 * Objects that want the same key or the same pin. Judged for a node without labels: whether node selectors
 * overlap is known on the nodes alone.
 */
function rivalries(wanted: Wanted): readonly ValidationProblem[] {
  const { rejections } = desiredState(wanted, { name: '', labels: {} });
  const rivals = rejections.filter(({ reason }) => reason === 'KeyConflict' || reason === 'PinInUse');
  const inners = new Map<InnerMap | OuterMap, WantedInner>(
    wanted.innerMaps.map(inner => [inner.innerMap, inner]),
  );
  return rivals.map(({ object, reason, message }) => {
    const inner = inners.get(object);
    if (inner !== undefined) return finding(inner, `${reason}, ${message}`);
    return {
      origin: '',
      message: `${objectText(object)}: ${reason}, ${message}`,
      severity: 'error',
    };
  });
}

/** `kubectl apply` keeps a copy in an annotation, which ends at 256 KiB; etcd ends at 1.5 MiB. */
const CLIENT_SIDE_BYTES = 200_000;
const STORED_BYTES = 1_400_000;

function sizeFinding({ origin, object, bytes }: ManifestSize): readonly ValidationProblem[] {
  if (bytes <= CLIENT_SIDE_BYTES) return [];
  const message =
    bytes > STORED_BYTES
      ? `${object}: ${megabytes(bytes)} is about as much as a cluster stores in one object (1.5 MiB): a folder may hold it; for a cluster split it over several keys (a table takes half of what a list takes)`
      : `${object}: ${megabytes(bytes)} is too much for client-side apply: use kubectl apply --server-side`;
  return [{ origin, message, severity: 'warning' }];
}

function megabytes(bytes: number): string {
  return bytes >= 1_000_000 ? `${(bytes / 1_000_000).toFixed(1)} MB` : `${Math.round(bytes / 1000)} KB`;
}
