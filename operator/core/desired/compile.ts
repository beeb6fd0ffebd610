import type { InnerMap } from '../../api/innermap.ts';
import type { OuterMap } from '../../api/outermap.ts';
import type { Problem } from '../../api/problem.ts';
import type { Reason } from '../../api/reason.ts';
import { type Access, accessOf, denial } from '../access/access.ts';
import { hex } from '../bytes/hex.ts';
import { keyBytes, keyText as textOf } from '../codec/keytext.ts';
import type { Entries } from '../entries.ts';
import { innerSpec, type OuterLayout, outerLayout } from '../layout/outer.ts';
import { isLRU, type MapSpec } from '../mapspec.ts';
import type { Content, WantedInner } from '../wanted.ts';
import { ownerOf } from './owner.ts';

/** An OuterMap with the layout and the access rules that its InnerMaps are judged by. */
export interface CompiledOuterMap {
  readonly outerMap: OuterMap;
  readonly layout: OuterLayout;
  readonly access: Access;
}

/** An InnerMap that may have its key, ready for the kernel. */
export interface DesiredInner {
  readonly kind: 'desired';
  readonly innerMap: InnerMap;
  /** Its identity in the kernel. */
  readonly owner: string;
  readonly keyHex: string;
  readonly keyText: string;
  readonly spec: MapSpec;
  readonly entries: Entries;
  /** The layout's: it is compared by another one once programOwned changes. */
  readonly valueMask?: Uint8Array | undefined;
  readonly update: 'Swap' | 'InPlace';
  readonly exact: boolean;
  readonly sealed: boolean;
  /** Other keys with the same contents may have the same inner map. */
  readonly isShareable: boolean;
}

/** The verdict on one InnerMap alone. Whether another has its key is decided later. */
export type Claim =
  | DesiredInner
  /** It may have the key, but its contents cannot be used: its previous contents stay. */
  | {
      readonly kind: 'unusable';
      readonly owner: string;
      readonly keyHex: string;
      readonly keyText: string;
      readonly reason: Reason;
      readonly message: string;
    }
  | { readonly kind: 'rejected'; readonly reason: Reason; readonly message: string };

/** The last verdict on each object. All of these objects are immutable, so a verdict stays right. */
const judged = new WeakMap<CompiledOuterMap, WeakMap<WantedInner, Claim>>();
const compilations = new WeakMap<OuterMap, CompiledOuterMap | string>();

/** An OuterMap compiled, or the problems of its declarations. */
export function compileOuterMap(outerMap: OuterMap): CompiledOuterMap | string {
  const known = compilations.get(outerMap);
  if (known !== undefined) return known;
  const compiled = compile(outerMap);
  compilations.set(outerMap, compiled);
  return compiled;
}

export function claimOf(wanted: WantedInner, compiled: CompiledOuterMap): Claim {
  const claims = judged.get(compiled) ?? new WeakMap<WantedInner, Claim>();
  const known = claims.get(wanted);
  if (known !== undefined) return known;
  const claim = judge(wanted, compiled);
  judged.set(compiled, claims.set(wanted, claim));
  return claim;
}

function compile(outerMap: OuterMap): CompiledOuterMap | string {
  const layout = outerLayout(outerMap);
  if (!layout.ok) return messagesOf(layout.problems);
  const access = accessOf(outerMap, layout.value.outerKey);
  if (!access.ok) return messagesOf(access.problems);
  return { outerMap, layout: layout.value, access: access.value };
}

function judge({ innerMap, content }: WantedInner, { layout, access }: CompiledOuterMap): Claim {
  const parsed = keyBytes(layout.outerKey, innerMap.spec.key);
  if (!parsed.ok)
    return rejected('InvalidKey', `Key ${String(innerMap.spec.key)}: ${parsed.message}`, content);
  const key = parsed.bytes;
  const keyText = textOf(layout.outerKey, key);
  const { namespace } = innerMap.metadata;
  if (!access.mayDeclare(namespace, key))
    return rejected('KeyNotAllowed', denial(access, namespace, keyText), content);
  const beyond = keyBeyondArray(layout, key);
  if (beyond !== undefined) return rejected('InvalidKey', beyond, content);
  const keyHex = hex(key);
  const owner = ownerOf(innerMap.metadata);
  const unusable = (reason: Reason, message: string): Claim => {
    return { kind: 'unusable', owner, keyHex, keyText, reason, message };
  };
  const made = innerSpec(layout, innerMap);
  if (content.kind === 'invalid') return unusable(content.reason, content.message);
  if (!made.ok) return unusable(made.reason, messagesOf(made.problems));
  if (content.kind === 'pending' || content.layoutDigest !== layout.digest)
    return unusable('Pending', UNENCODED);
  const update = updateOf(innerMap, layout);
  // Each field by its name: a spread of thousands takes as long as all the rest
  return {
    kind: 'desired',
    innerMap,
    owner,
    keyHex,
    keyText,
    spec: made.value,
    entries: content.entries,
    valueMask: layout.valueMask,
    update,
    exact: update === 'Swap' || isExact(innerMap, layout),
    sealed: innerMap.spec.sealed,
    isShareable: update === 'Swap' && isDeclaredWhole(layout, content.entries),
  };
}

/** Each message names its field. */
function messagesOf(problems: readonly Problem[]): string {
  return problems.map(({ message }) => message).join('; ');
}

const UNENCODED = 'Contents wait to be encoded by the OuterMap’s layout';

/** Its contents may be wrong too: all is told at once. */
function rejected(reason: Reason, message: string, content: Content): Claim {
  const told = content.kind === 'invalid' ? `${message}; ${content.message}` : message;
  return { kind: 'rejected', reason, message: told };
}

/** An ArrayOfMaps has as many keys as entries. The kernel's E2BIG would come late and name no bounds. */
function keyBeyondArray(layout: OuterLayout, key: Uint8Array): string | undefined {
  if (layout.outer.type !== 'ArrayOfMaps') return undefined;
  const index = new DataView(key.buffer, key.byteOffset, 4).getUint32(0, true);
  const last = layout.outer.maxEntries - 1;
  return index <= last ? undefined : `Key ${index} lies beyond the ArrayOfMaps: use 0 to ${last}`;
}

/** How an inner map is updated: the author's choice, or the default for program-owned fields, sealed maps and LRU types. */
function updateOf({ spec }: InnerMap, { ownedMask, template }: OuterLayout): DesiredInner['update'] {
  const { sealed, content, update } = spec;
  if (update !== undefined) return update;
  const inPlace =
    ownedMask !== undefined || content === 'AtLeast' || (content === undefined && isLRU(template.type));
  return !sealed && inPlace ? 'InPlace' : 'Swap';
}

/**
 * Programs that keep to the declaration write nothing of it. An inner map without entries is made for somebody to write
 * into; what is in one of an LRU type is the kernel's choice.
 */
function isDeclaredWhole({ ownedMask, template }: OuterLayout, { count }: Entries): boolean {
  return ownedMask === undefined && count > 0 && !isLRU(template.type);
}

/** Of contents that are updated in place. */
function isExact({ spec: { content } }: InnerMap, { template }: OuterLayout): boolean {
  return content === undefined ? !isLRU(template.type) : content === 'Exact';
}
