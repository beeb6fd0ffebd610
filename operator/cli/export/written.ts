import type { InnerMapManifest } from '../../api/innermap.ts';
import { parseInnerMap, parseOuterMap } from '../../api/parse/manifest.ts';
import { type Parsed, problemsText } from '../../api/problem.ts';
import { hex } from '../../core/bytes/hex.ts';
import { keyBytes, keyText } from '../../core/codec/keytext.ts';
import { innerSpec, type OuterLayout, outerLayout } from '../../core/layout/outer.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import { kernelMask } from '../../core/types/padding.ts';
import type { Plain } from '../terminal/yaml.ts';
import { firstLoss } from './content.ts';
import { type ExportTarget, innerMapManifest, outerMapManifest, type WholeInnerMap } from './manifests.ts';
import { innerMapNameFor } from './names.ts';
import type { Declarations, ProvenDeclarations } from './types.ts';

interface ExportManifests {
  readonly documents: readonly Plain[];
  /** Inner maps that no InnerMap may declare, and why: the OuterMap leaves them alone. */
  readonly undeclarable: readonly string[];
}

/**
 * The manifests, read back by the parser and the encoder that the agent has and compared with the kernel byte by
 * byte: types that would lose anything are refused.
 */
export function written(
  target: ExportTarget,
  template: MapSpec,
  declarations: ProvenDeclarations,
  maps: readonly WholeInnerMap[],
): ExportManifests {
  const { name: outerMap, namespace, pin, kernel } = target;
  const { possibleCpus } = kernel;
  const sizes = maps.map(({ reading }) => reading.spec.maxEntries);
  const mostEntries = Math.max(template.maxEntries, ...sizes);
  const document = outerMapManifest(target, { ...template, mostEntries }, declarations);
  const layout = readBack(outerLayout(readBack(parseOuterMap(document))));
  const compared = declarations.everyByte ? everyByteOf(layout) : layout;
  const taken = new Set<string>();
  const documents: Plain[] = [document];
  const undeclarable: string[] = [];
  for (const whole of maps) {
    const text = keyText(layout.outerKey, whole.key);
    const name = innerMapNameFor(outerMap, text, taken);
    const inner = innerMapManifest({ name, namespace, outerMap, layout, possibleCpus, ...whole });
    const manifest = readBack(parseInnerMap(inner));
    const spec = innerSpec(layout, manifest.innerMap);
    const lost = spec.ok ? lossOf(compared, manifest, whole, possibleCpus) : undefined;
    if (lost !== undefined) throw new Error(lossText(pin, text, lost, declarations));
    if (spec.ok) documents.push(inner);
    else undeclarable.push(`The inner map at key ${text} is left out: ${spec.problems[0]!.message}`);
  }
  return { documents, undeclarable };
}

/** Padding counts; what is the kernel's does not. */
function everyByteOf({ valueMask, ...layout }: OuterLayout): OuterLayout {
  const mask = layout.innerValue === undefined ? undefined : kernelMask(layout.innerValue);
  return mask === undefined || valueMask === undefined ? layout : { ...layout, valueMask: mask };
}

/** A manifest that the agent would refuse is an error. */
function readBack<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new Error(`Cannot export what no manifest may declare: ${problemsText(parsed.problems)}`);
}

function lossOf(
  layout: OuterLayout,
  manifest: InnerMapManifest,
  { key, reading }: WholeInnerMap,
  possibleCpus: number,
): string | undefined {
  const outerKey = keyBytes(layout.outerKey, manifest.innerMap.spec.key);
  if (!outerKey.ok || hex(outerKey.bytes) !== hex(key)) return `has the key 0x${hex(key)}`;
  const lost = firstLoss(layout, manifest, reading, possibleCpus);
  return lost === undefined ? undefined : `holds an entry with key 0x${hex(lost)}`;
}

function lossText(pin: string, outerKey: string, lost: string, declarations: Declarations): string {
  const { key, innerKey, innerValue } = declarations;
  const types = [key, innerKey, innerValue].filter(type => type !== undefined).join(' and ');
  const what = `the inner map at key ${outerKey} ${lost}, which the types ${types} cannot say`;
  return `Cannot export ${pin}: ${what}; give types that hold every byte, such as u8[N]`;
}
