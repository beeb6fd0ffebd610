import { INNER_TYPES, OUTER_TYPES } from '../../api/outermap.ts';
import { hex } from '../../core/hex.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import { type Held, heldMaps, isReading, unreadable } from '../../ledger/held.ts';
import { type Ledger, ledgersIn } from '../../ledger/ledger.ts';
import { idAt } from '../../ledger/reading.ts';
import type { Progressed } from '../command.ts';
import { inKeyOrder } from '../terminal/order.ts';
import type { Plain } from '../terminal/yaml.ts';
import { declaredLayout, sameSizes } from './declared.ts';
import { declarationsFor, type GivenTypes, outerKeyType } from './types.ts';
import { type Place, type Whole, written } from './written.ts';

export interface ExportRequest extends Place {
  readonly types: GivenTypes;
}

export interface Exported {
  /** The OuterMap, then the InnerMaps in the order of their keys. */
  readonly documents: readonly Plain[];
  /** What the reader should know of the choices that were made. */
  readonly notes: readonly string[];
}

/** Reads an outer map whole and writes it down; throws where a manifest would not say the same as the kernel. */
export async function exported(request: ExportRequest, progress: Progressed): Promise<Exported> {
  const { kernel, outer } = request;
  if (!(OUTER_TYPES as readonly string[]).includes(outer.spec.type))
    throw new Error(`Cannot export ${request.pin}: it is a map of type ${outer.spec.type}, not an outer map`);
  const owner = ledgersIn(kernel.pins).find(ledger => idAt(kernel, ledger.paths.outer) === outer.id);
  const maps = await readAll(request, owner, progress);
  const template = templateOf(request, maps);
  const declarations = declarationsFor(outer.spec, template, typesOr(request, template, owner));
  const { documents, undeclarable } = written(request, { template, declarations, maps });
  return { documents, notes: [...ownerNote(owner), ...undeclarable] };
}

/** What the user gave; else what the OuterMap that has this map declares, where that is as wide. */
function typesOr({ types, outer }: ExportRequest, template: MapSpec, owner: Ledger | undefined): GivenTypes {
  const layout = owner === undefined ? undefined : declaredLayout(owner.name, owner.record);
  const declared = owner?.record?.declared;
  if (layout === undefined || declared === undefined || !sameSizes(layout, outer.spec, template))
    return types;
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

async function readAll(
  { kernel, outer, types }: ExportRequest,
  owner: Ledger | undefined,
  progress: Progressed,
): Promise<readonly Whole[]> {
  const places = inKeyOrder(outerKeyType(outer.spec, types));
  const sought = { outer, ledger: owner, places, progress };
  const maps: Whole[] = [];
  for await (const held of heldMaps(kernel, sought)) maps.push(wholeOf(held));
  return maps;
}

function wholeOf(held: Held): Whole {
  const { key, reading } = held;
  if (isReading(reading)) return { key, reading };
  throw new Error(unreadable(`0x${hex(key)}`, held));
}

/** As the kernel tells it; else the layout of an inner map that it took, whose maxEntries is then as good as any. */
function templateOf({ kernel, outer, pin }: ExportRequest, maps: readonly Whole[]): MapSpec {
  const template = kernel.template(outer) ?? maps[0]?.reading.spec;
  if (template === undefined)
    throw new Error(
      `Cannot export ${pin}: it is empty, and its template can be read with CAP_PERFMON only; run as root`,
    );
  if ((INNER_TYPES as readonly string[]).includes(template.type)) return template;
  throw new Error(`Cannot export ${pin}: InnerMaps cannot be of type ${template.type}`);
}
