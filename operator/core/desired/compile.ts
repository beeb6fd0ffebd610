import type { InnerMap } from '../../api/innermap.ts';
import type { OuterMap } from '../../api/outermap.ts';
import type { Parsed, Problem } from '../../api/problem.ts';
import type { Reason } from '../../api/reason.ts';
import { type Access, accessOf, denial } from '../access/access.ts';
import { keyBytes, keyText } from '../codec/keytext.ts';
import type { Entries } from '../entries.ts';
import { hex } from '../hex.ts';
import { innerSpec, type OuterLayout, outerLayout } from '../layout/outer.ts';
import { isLRU, type MapSpec } from '../mapspec.ts';
import type { WantedInner } from '../wanted.ts';

/** An OuterMap with everything that its InnerMaps are judged by. */
export interface CompiledOuterMap {
  readonly outerMap: OuterMap;
  readonly layout: OuterLayout;
  readonly access: Access;
}

/** An InnerMap that may have its key, ready for the kernel. */
export interface DesiredInner {
  readonly innerMap: InnerMap;
  readonly key: Uint8Array;
  readonly keyHex: string;
  readonly keyText: string;
  readonly spec: MapSpec;
  readonly entries: Entries;
  readonly update: 'Swap' | 'InPlace';
  readonly exact: boolean;
  readonly sealed: boolean;
}

/** What an InnerMap asks for, judged by itself: whether another has the key is decided later. */
export type Claim =
  | { readonly kind: 'claim'; readonly desired: DesiredInner }
  /** It may have the key but its contents cannot be taken: what was there before stays. */
  | {
      readonly kind: 'unusable';
      readonly keyHex: string;
      readonly keyText: string;
      readonly reason: Reason;
      readonly message: string;
    }
  | { readonly kind: 'rejected'; readonly reason: Reason; readonly message: string };

/** Judged once for each pair of objects: both are immutable, so the answer is too. */
const judged = new WeakMap<WantedInner, { readonly ground: CompiledOuterMap; readonly claim: Claim }>();
const grounds = new WeakMap<OuterMap, CompiledOuterMap | string>();

/** The ground of an OuterMap, or what is wrong with its declarations. */
export function compileOuterMap(outerMap: OuterMap): CompiledOuterMap | string {
  let ground = grounds.get(outerMap);
  if (ground === undefined) {
    ground = compile(outerMap);
    grounds.set(outerMap, ground);
  }
  return ground;
}

export function claimOf(wanted: WantedInner, ground: CompiledOuterMap): Claim {
  const known = judged.get(wanted);
  if (known?.ground === ground) return known.claim;
  const claim = judge(wanted, ground);
  judged.set(wanted, { ground, claim });
  return claim;
}

function compile(outerMap: OuterMap): CompiledOuterMap | string {
  const layout = outerLayout(outerMap);
  if (!layout.ok) return messagesOf(layout.problems);
  const access = accessOf(outerMap, layout.value.outerKey);
  if (!access.ok) return messagesOf(access.problems);
  return { outerMap, layout: layout.value, access: access.value };
}

function judge({ innerMap, content }: WantedInner, ground: CompiledOuterMap): Claim {
  const { layout, access } = ground;
  const key = keyBytes(layout.outerKey, innerMap.spec.key);
  if (!key.ok) return rejected('InvalidKey', `Key ${String(innerMap.spec.key)}: ${key.message}`);
  const text = keyText(layout.outerKey, key.bytes);
  const { namespace } = innerMap.metadata;
  if (!access.mayDeclare(namespace, key.bytes))
    return rejected('KeyNotAllowed', denial(access, namespace, text));
  const beyond = keyBeyondArray(layout, key.bytes);
  if (beyond !== undefined) return rejected('InvalidKey', beyond);
  const keyHex = hex(key.bytes);
  const spec = specOf(innerMap, ground);
  if (!spec.ok) {
    const message = messagesOf(spec.problems);
    return { kind: 'unusable', keyHex, keyText: text, reason: 'LayoutMismatch', message };
  }
  if (content.kind === 'invalid')
    return { kind: 'unusable', keyHex, keyText: text, reason: content.reason, message: content.message };
  if (content.kind === 'pending' || content.layoutDigest !== layout.digest)
    return { kind: 'unusable', keyHex, keyText: text, reason: 'Pending', message: UNENCODED };
  const { update, exact, sealed } = mannerOf(innerMap, layout);
  const { entries } = content;
  const desired = {
    innerMap,
    key: key.bytes,
    keyHex,
    keyText: text,
    spec: spec.value,
    entries,
    update,
    exact,
    sealed,
  };
  return { kind: 'claim', desired };
}

/** They name their fields themselves. */
function messagesOf(problems: readonly Problem[]): string {
  return problems.map(({ message }) => message).join('; ');
}

const UNENCODED = 'Contents wait to be encoded by the OuterMap’s layout';

/** Without a maxEntries of its own an inner map has the template's layout: one object for all of them. */
function specOf(innerMap: InnerMap, { layout }: CompiledOuterMap): Parsed<MapSpec> {
  return innerMap.spec.maxEntries === undefined
    ? { ok: true, value: layout.template }
    : innerSpec(layout, innerMap);
}

function rejected(reason: Reason, message: string): Claim {
  return { kind: 'rejected', reason, message };
}

/** An ArrayOfMaps has as many keys as entries; E2BIG comes too late to say it well. */
function keyBeyondArray(layout: OuterLayout, key: Uint8Array): string | undefined {
  if (layout.outer.type !== 'ArrayOfMaps') return undefined;
  const index = new DataView(key.buffer, key.byteOffset, 4).getUint32(0, true);
  const last = layout.outer.maxEntries - 1;
  return index <= last ? undefined : `Key ${index} lies beyond the ArrayOfMaps: use 0 to ${last}`;
}

/** How it is updated: DESIGN's defaults for program-owned fields, sealed maps and LRU types. */
function mannerOf(
  innerMap: InnerMap,
  layout: OuterLayout,
): Pick<DesiredInner, 'update' | 'exact' | 'sealed'> {
  const { sealed, content, update } = innerMap.spec;
  const lru = isLRU(layout.template.type);
  const inPlaceByDefault =
    layout.valueMask !== undefined || content === 'AtLeast' || (lru && content === undefined);
  const chosen = update ?? (!sealed && inPlaceByDefault ? 'InPlace' : 'Swap');
  const exact = chosen === 'Swap' || (content === undefined ? !lru : content === 'Exact');
  return { update: chosen, exact, sealed };
}
