import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, Scalar } from 'yaml';
import type { FieldPath } from '../../../api/problem.ts';
import { addProblem, LISTED_PROBLEMS, MAX_DEPTH, putField, type TextProblems } from '../text/cursor.ts';
import { isScalarProblem, readPlain, readPlainKey } from '../text/scalar.ts';
import type { TextProblem } from '../text/split.ts';
import { composed, TOO_DEEP } from './compose.ts';

/** A document of any shape. */
export interface AnyReading {
  /** undefined: the document is empty, or it is no YAML (then there are problems). */
  readonly value: unknown;
  readonly problems: TextProblems;
  /** Offset of the deepest node on the way to a field. */
  offsetOf(path: FieldPath): number;
}

/** The most nodes that the aliases of one document may stand for: a hundred times those in use, far below a "billion laughs". */
const MAX_ALIASED = 100_000;

/**
 * Reads one document of any shape; offsets count from its own beginning. readPlain resolves every plain scalar, not the
 * package's own schema.
 */
export function readAnyYaml(text: string): AnyReading {
  const composition = composed(text);
  if (!composition.ok) return unreadable(composition.problems);
  const root = composition.document.contents;
  const problems = { first: [], total: 0 };
  const walk: Walk = { problems, anchors: new Map(), targets: new Map(), ...start() };
  const value = isEmpty(root) ? undefined : readValue(walk, root, 0);
  return { value, problems, offsetOf: path => offsetOf(walk.targets, root, path) };
}

/** A document without a value. Only the first errors count: the parser finds many where there is one mistake. */
export function unreadable(errors: readonly TextProblem[]): AnyReading {
  const first = errors.slice(0, LISTED_PROBLEMS);
  return { value: undefined, problems: { first, total: first.length }, offsetOf: () => 0 };
}

/** The state of one pass over the nodes of a document. */
interface Walk {
  /** The last anchor of each name so far. The package would look through the whole document for each alias. */
  readonly anchors: Map<string, Node>;
  /** What each alias stands for. */
  readonly targets: Targets;
  readonly problems: TextProblems;
  /** Nodes around the current one: to meet one of them again is a cycle. */
  readonly open: Set<Node>;
  aliased: number;
  insideAlias: boolean;
  /** The number of flow collections around: within them kubectl's parser reads some plain scalars differently. */
  flow: number;
}

type Targets = Map<Node, Node | undefined>;

function start(): Omit<Walk, 'problems' | 'anchors' | 'targets'> {
  return { open: new Set(), aliased: 0, insideAlias: false, flow: 0 };
}

function readValue(walk: Walk, node: Node | null, level: number): unknown {
  if (node === null) return null;
  const offset = offsetOfNode(node);
  if (level > MAX_DEPTH) return addProblem(walk.problems, offset, TOO_DEEP);
  if (walk.insideAlias && ++walk.aliased > MAX_ALIASED) return tooManyAliased(walk, offset);
  if (isAlias(node)) return aliasedValue(walk, node, level);
  if (node.anchor !== undefined && !walk.insideAlias) walk.anchors.set(node.anchor, node);
  const tag = unreadableTag(node);
  if (tag !== undefined)
    return addProblem(
      walk.problems,
      offset,
      `The tag ${tag} is not taken: write the value itself, quoted if it is text`,
    );
  if (isScalar(node)) return scalarValue(walk, node, offset);
  if (walk.open.has(node))
    return addProblem(walk.problems, offset, 'An alias stands within what it stands for');
  const isFlow = (node as { flow?: boolean }).flow === true;
  walk.open.add(node);
  walk.flow += isFlow ? 1 : 0;
  const value = isMap(node)
    ? fieldsOf(walk, node.items as Pair<Node, Node | null>[], level)
    : itemsOf(walk, node, level);
  walk.flow -= isFlow ? 1 : 0;
  walk.open.delete(node);
  return value;
}

/** Reported once; the nodes after it are not read. */
function tooManyAliased(walk: Walk, offset: number): undefined {
  if (walk.aliased > MAX_ALIASED + 1) return undefined;
  return addProblem(
    walk.problems,
    offset,
    `Aliases stand for more than ${MAX_ALIASED} nodes: write them out`,
  );
}

function aliasedValue(walk: Walk, node: Node & { source: string }, level: number): unknown {
  if (!walk.targets.has(node)) walk.targets.set(node, walk.anchors.get(node.source));
  const target = walk.targets.get(node);
  const offset = offsetOfNode(node);
  if (target === undefined)
    return addProblem(walk.problems, offset, `The alias *${node.source} has no anchor before it`);
  if (walk.aliased > MAX_ALIASED) return undefined;
  const outer = walk.insideAlias;
  walk.insideAlias = true;
  const value = readValue(walk, target, level + 1);
  walk.insideAlias = outer;
  return value;
}

const READABLE_TAGS: ReadonlySet<string | undefined> = new Set([
  undefined,
  'tag:yaml.org,2002:map',
  'tag:yaml.org,2002:seq',
  'tag:yaml.org,2002:str',
]);

function unreadableTag(node: Node): string | undefined {
  const { tag } = node as { tag?: string };
  return READABLE_TAGS.has(tag) ? undefined : tag?.replace('tag:yaml.org,2002:', '!!');
}

function scalarValue(walk: Walk, node: Scalar, offset: number): unknown {
  const text = String(node.value ?? '');
  if (node.type !== Scalar.PLAIN || node.tag !== undefined) return text;
  if (text.startsWith('%'))
    return addProblem(walk.problems, offset, 'Text that begins with % must be quoted');
  if (walk.flow > 0 && MISREAD_IN_FLOW.test(text)) return addProblem(walk.problems, offset, mustQuote(text));
  const value = readPlain(node.source ?? text);
  return isScalarProblem(value) ? addProblem(walk.problems, offset, value.problem) : value;
}

/** Within `{}` and `[]` kubectl's parser gives a meaning to a colon at the start, and to a question mark. */
const MISREAD_IN_FLOW = /^:|\?/;

function mustQuote(text: string): string {
  return `${text} is read otherwise by kubectl within {} and []: quote it ("${text}")`;
}

function fieldsOf(
  walk: Walk,
  pairs: readonly Pair<Node, Node | null>[],
  level: number,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const { key, value } of pairs) {
    const offset = key === null ? 0 : offsetOfNode(key);
    if (key?.anchor !== undefined && !walk.insideAlias) walk.anchors.set(key.anchor, key);
    const name = walk.flow > 0 ? flowKeyText(key, value) : keyText(key);
    if (isScalarProblem(name)) addProblem(walk.problems, offset, name.problem);
    const read = readValue(walk, value, level + 1);
    if (!isScalarProblem(name)) putField(walk.problems, fields, name, offset, read);
  }
  return fields;
}

function keyText(key: Node | null): string | { readonly problem: string } {
  if (!isScalar(key)) return { problem: 'A field name must be text, not a collection or an alias' };
  const tag = unreadableTag(key);
  if (tag !== undefined) return { problem: `The tag ${tag} is not taken: write the field name itself` };
  const text = String(key.value ?? '');
  return key.type === Scalar.PLAIN && key.tag === undefined ? readPlainKey(key.source ?? text) : text;
}

/** `{a:}` is the field "a:" to kubectl. */
function flowKeyText(key: Node | null, value: Node | null): string | { readonly problem: string } {
  const name = keyText(key);
  if (isScalarProblem(name)) return name;
  if (isEmpty(value))
    return { problem: `The field ${name} has no value: write ${name}: null, or leave it out` };
  return isScalar(key) && key.type === Scalar.PLAIN && MISREAD_IN_FLOW.test(name)
    ? { problem: mustQuote(name) }
    : name;
}

function itemsOf(walk: Walk, node: Node, level: number): unknown {
  if (!isSeq(node)) return null;
  return (node.items as Node[]).map(item => readValue(walk, item, level + 1));
}

function offsetOfNode(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** Whether a field or an item has no value: nothing is written in its place. */
function isEmpty(node: Node | null): node is null | Scalar {
  return node === null || (isScalar(node) && node.type === Scalar.PLAIN && node.source === '');
}

/** Offset of the deepest node on the path; a field without a value begins at its name. */
function offsetOf(targets: Targets, root: Node | null, path: FieldPath): number {
  let node = root;
  let offset = node === null ? 0 : offsetOfNode(node);
  for (const part of path) {
    const child: Child | undefined =
      node === null ? undefined : childOf(isAlias(node) ? targets.get(node) : node, part);
    if (child === undefined) return offset;
    node = child.value;
    offset = offsetOfNode(isEmpty(node) ? child.key : node);
  }
  return offset;
}

type Child = Pick<Pair<Node, Node | null>, 'key' | 'value'>;

function childOf(node: Node | undefined, part: string | number): Child | undefined {
  if (isMap(node)) return (node.items as Child[]).find(({ key }) => keyText(key) === part);
  const item = isSeq(node) && typeof part === 'number' ? (node.items[part] as Node | undefined) : undefined;
  return item && { key: item, value: item };
}
