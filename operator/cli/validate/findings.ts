import type { InnerMap } from '../../api/innermap.ts';
import { objectText } from '../../api/metadata.ts';
import { suggestion } from '../../api/nearest.ts';
import type { OuterMap } from '../../api/outermap.ts';
import { present } from '../../api/parse/section.ts';
import { capacityWarnings } from '../../core/desired/capacity.ts';
import { type CompiledOuterMap, claimOf, compileOuterMap } from '../../core/desired/compile.ts';
import { desiredState, outerMapFaulty } from '../../core/desired/desired.ts';
import type { Content, ManifestProblem, Wanted, WantedInner } from '../../core/wanted.ts';
import type { LoadedManifests, ManifestSize } from '../command.ts';

export interface ValidationProblem extends ManifestProblem {
  readonly severity: 'error' | 'warning';
}

/** `rules/web.yaml:12:3` in its parts. */
export function filePosition(origin: string) {
  const [, file = '', line, column] = /^(.*?)(?::(\d+))?(?::(\d+))?$/.exec(origin) ?? [];
  const number = (digits: string | undefined) => (digits === undefined ? undefined : Number(digits));
  return present({ file, line: number(line), column: number(column) });
}

/** All problems of manifests that show without a kernel, found by the functions that the agent decides with. */
export function validationProblems({ wanted, sizes }: LoadedManifests): readonly ValidationProblem[] {
  const compiled = new Map(
    wanted.outerMaps.map(outerMap => [outerMap.metadata.name, compileOuterMap(outerMap)]),
  );
  return [
    ...wanted.refusals.map(refusal => ({ ...refusal, severity: 'error' as const })),
    ...wanted.outerMaps.flatMap(object => {
      const outer = compiled.get(object.metadata.name);
      return typeof outer === 'string' ? [problem({ object }, outer)] : [];
    }),
    ...wanted.innerMaps.flatMap(inner => innerProblems(inner, compiled, wanted.faulty)),
    ...onNode(wanted),
    ...sizes.flatMap(sizeProblems),
  ].sort(byPlace);
}

/** As an editor lists them: file by file, from top to bottom. */
export function byPlace(a: ValidationProblem, b: ValidationProblem): number {
  const [left, right] = [filePosition(a.origin), filePosition(b.origin)];
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0);
}

function innerProblems(
  { innerMap: object, origin = '', content }: WantedInner,
  compiled: ReadonlyMap<string, CompiledOuterMap | string>,
  faulty: ReadonlySet<string> = new Set(),
): readonly ValidationProblem[] {
  const outer = compiled.get(object.spec.outerMap);
  if (content.kind === 'invalid') {
    const claim =
      typeof outer === 'object' ? claimOf({ innerMap: object, content: UNREAD }, outer) : undefined;
    const key =
      claim?.kind === 'rejected' ? [problem({ object, origin }, `${claim.reason}, ${claim.message}`)] : [];
    return [...key, ...invalidProblems({ object, origin }, content)];
  }
  const { outerMap: name } = object.spec;
  const unchecked = (why: string) => [
    problem({ object, origin }, `contents and key were not checked: ${why}`, 'warning'),
  ];
  if (typeof outer === 'string' || faulty.has(name)) return unchecked(outerMapFaulty(name));
  if (outer === undefined) {
    const meant = suggestion(name, [...compiled.keys()]);
    const message = `OuterMap ${name} is not among these files${meant}`;
    return meant === '' ? unchecked(message) : [problem({ object, origin }, message)];
  }
  const claim = claimOf({ innerMap: object, content }, outer);
  return claim.kind === 'desired' ? [] : [problem({ object, origin }, `${claim.reason}, ${claim.message}`)];
}

/** For the verdict on a key alone. */
const UNREAD: Content = { kind: 'pending' };

/** A line for each problem that has a place of its own, as an editor can jump to. */
function invalidProblems(
  place: ObjectPlace,
  { details = [], unlisted = 0, message }: Content & { kind: 'invalid' },
): readonly ValidationProblem[] {
  if (details.length === 0) return [problem(place, message)];
  const lines = details.map(detail => problem({ ...place, origin: detail.origin }, detail.message));
  return unlisted === 0 ? lines : [...lines, problem(place, `${unlisted} more entries are wrong`)];
}

interface ObjectPlace {
  readonly object: InnerMap | OuterMap;
  readonly origin?: string | undefined;
}

function problem(
  { object, origin = '' }: ObjectPlace,
  message: string,
  severity: ValidationProblem['severity'] = 'error',
): ValidationProblem {
  return { origin, message: `${objectText(object)}: ${message}`, severity };
}

/**
 * Objects that want the same key or the same pin, and more than a kernel holds. Judged for a node without labels: whether
 * node selectors overlap is known on the nodes alone.
 */
function onNode(wanted: Wanted): readonly ValidationProblem[] {
  const desired = desiredState(wanted, { name: '', labels: {} });
  const origins = new Map<object, string | undefined>(
    wanted.innerMaps.map(({ innerMap, origin }) => [innerMap, origin]),
  );
  const at = (object: InnerMap | OuterMap) => ({ object, origin: origins.get(object) });
  const conflicts = desired.rejections
    .filter(({ reason }) => reason === 'KeyConflict' || reason === 'PinInUse')
    .map(({ object, reason, message }) => problem(at(object), `${reason}, ${message}`));
  const crowded = capacityWarnings(desired).map(({ object, message }) =>
    problem(at(object), message, 'warning'),
  );
  return [...conflicts, ...crowded];
}

/** `kubectl apply` keeps a copy in an annotation, which ends at 256 KiB; etcd ends at 1.5 MiB. */
const CLIENT_SIDE_BYTES = 200_000;
const STORED_BYTES = 1_400_000;

function sizeProblems({ origin, object, bytes }: ManifestSize): readonly ValidationProblem[] {
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
