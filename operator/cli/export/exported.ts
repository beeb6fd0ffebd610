import { INNER_TYPES, MAP_FLAGS, OUTER_TYPES } from '../../api/outermap.ts';
import { hex } from '../../core/bytes/hex.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Type } from '../../core/types/type.ts';
import { heldMaps, isReading, unreadable } from '../../ledger/held.ts';
import { type Ledger, ledgersIn } from '../../ledger/ledger.ts';
import { idAt } from '../../ledger/reading.ts';
import type { Progressed } from '../command.ts';
import { inKeyOrder } from '../terminal/order.ts';
import type { Plain } from '../terminal/yaml.ts';
import { declaredLayout, sameSizes } from './declared.ts';
import { foundTypes } from './foundtypes.ts';
import type { ExportTarget, WholeInnerMap } from './manifests.ts';
import { declarationsFor, type GivenTypes, outerKeyType } from './types.ts';
import type { ObjectTypes } from './typesources.ts';
import { written } from './written.ts';

interface ExportRequest extends ExportTarget {
  readonly types: GivenTypes;
  readonly object: ObjectTypes | undefined;
}

interface Exported {
  /** The OuterMap, then the InnerMaps in the order of their keys. */
  readonly documents: readonly Plain[];
  /** Choices that were made, for the reader. */
  readonly notes: readonly string[];
}

/** Reads a whole outer map and writes it as manifests; throws where they would not give back what the kernel holds. */
export async function exported(request: ExportRequest, progress: Progressed): Promise<Exported> {
  const { kernel, outer } = request;
  if (!(OUTER_TYPES as readonly string[]).includes(outer.spec.type))
    throw new Error(`Cannot export ${request.pin}: it is a map of type ${outer.spec.type}, not an outer map`);
  const owner = ledgersIn(kernel.pins).find(ledger => idAt(kernel, ledger.paths.outer) === outer.id);
  const maps = await readAll(request, owner, progress);
  const known = kernel.template(outer);
  const template = templateOf(request, known ?? smallest(maps));
  const innerIds = maps.map(({ reading }) => reading.id);
  const found = foundTypes(
    { outer: outer.spec, template },
    request.object === undefined ? typesOr(request, template, owner) : request.types,
    { ...request, innerIds },
  );
  const declarations = declarationsFor(outer.spec, template, found.types);
  const everyByte = request.types.innerValue !== undefined;
  const inOrder = inOrderOf(outerKeyType(outer.spec, found.types), maps);
  const { documents, undeclarable } = written(request, template, { ...declarations, everyByte }, inOrder);
  const guessed = known === undefined ? guessNote(template) : [];
  const read = [...entriesNote(maps), ...filterNote(maps)];
  const notes = [...ownerNote(owner), ...guessed, ...read, ...found.notes, ...undeclarable];
  return { documents, notes };
}

function inOrderOf(key: Type, maps: readonly WholeInnerMap[]): readonly WholeInnerMap[] {
  const keys = new Uint8Array(Buffer.concat(maps.map(each => each.key)));
  return inKeyOrder(key)({ count: maps.length, keys }).map(place => maps[place]!);
}

/** The types that the user gave; else those that the OuterMap of this map declares, where they are as wide. */
function typesOr({ types, outer }: ExportRequest, template: MapSpec, owner: Ledger | undefined): GivenTypes {
  const layout = owner && declaredLayout(owner);
  if (layout === undefined || !sameSizes(layout, outer.spec, template)) return types;
  const declared = owner!.record!.declared!;
  return {
    key: types.key ?? declared.key,
    innerKey: types.innerKey ?? declared.inner.key,
    innerValue: types.innerValue ?? declared.inner.value,
  };
}

function ownerNote(owner: Ledger | undefined): readonly string[] {
  if (owner === undefined) return [];
  return [
    `This map belongs to OuterMap ${owner.name} already: a second one with this pin will be refused (PinInUse)`,
  ];
}

/** What was read at its key alone is exported as an InnerMap is by default. */
function entriesNote(maps: readonly WholeInnerMap[]): readonly string[] {
  const { length } = maps.filter(({ reading }) => reading.entriesAlone === true);
  if (length === 0) return [];
  const whose = `${length} of ${maps.length} inner maps`;
  return [
    `Without CAP_SYS_ADMIN only the entries of ${whose} could be read: whether they are sealed, and their maxEntries, is not known`,
  ];
}

function filterNote(maps: readonly WholeInnerMap[]): readonly string[] {
  const others = maps.flatMap(({ reading }) => reading.spec.hashFunctions ?? []);
  if (others.length === 0) return [];
  const which = [...new Set(others)].join(' or ');
  return [
    `${others.length} of ${maps.length} inner maps are BloomFilters with ${which} hash functions (map_extra), which no OuterMap can declare: they stay as they are, and those that an agent makes have the kernel's 5`,
  ];
}

async function readAll(
  { kernel, outer, types }: ExportRequest,
  owner: Ledger | undefined,
  progress: Progressed,
): Promise<readonly WholeInnerMap[]> {
  const places = inKeyOrder(outerKeyType(outer.spec, types));
  const sought = { outer, ledger: owner, places, progress };
  const maps: WholeInnerMap[] = [];
  for await (const held of heldMaps(kernel, sought)) {
    const { key, reading } = held;
    if (!isReading(reading)) throw new Error(unreadable(`0x${hex(key)}`, held));
    maps.push({ key, reading });
  }
  return maps;
}

/** The layout that fits most of them: an inner Array may be larger than the template, not smaller. */
function smallest(maps: readonly WholeInnerMap[]): MapSpec | undefined {
  return maps.map(({ reading }) => reading.spec).toSorted((a, b) => a.maxEntries - b.maxEntries)[0];
}

/** The kernel takes inner arrays of any size here: the template's size, which adoption compares, cannot be known from theirs. */
function guessNote({ type, maxEntries, flags }: MapSpec): readonly string[] {
  if (type !== 'PerCPUArray' && (type !== 'Array' || (flags & MAP_FLAGS.InnerMap) === 0)) return [];
  return [
    `The template can be read with CAP_PERFMON only: its maxEntries ${maxEntries} is that of the smallest inner map; write what the program was compiled with, if that differs`,
  ];
}

function templateOf({ pin }: ExportRequest, template: MapSpec | undefined): MapSpec {
  if (template === undefined)
    throw new Error(
      `Cannot export ${pin}: it is empty, and its template can be read with CAP_PERFMON only; run as root`,
    );
  if ((INNER_TYPES as readonly string[]).includes(template.type)) return template;
  throw new Error(`Cannot export ${pin}: InnerMaps cannot be of type ${template.type}`);
}
