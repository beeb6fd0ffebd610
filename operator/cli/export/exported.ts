import type { RawContent } from '../../api/innermap.ts';
import { INNER_TYPES, OUTER_TYPES } from '../../api/outermap.ts';
import { type Manifest, parseManifest } from '../../api/parse/manifest.ts';
import { fieldText, type Problem } from '../../api/problem.ts';
import { keyText } from '../../core/codec/keytext.ts';
import { hex } from '../../core/hex.ts';
import { type OuterLayout, outerLayout } from '../../core/layout.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { InnerReading, Kernel, OpenMap } from '../../kernel/kernel.ts';
import type { Progressed } from '../command.ts';
import { type Held, heldMaps, isReading, unreadable } from '../ledger/contents.ts';
import { idAt, type Ledger, ledgers } from '../ledger/ledger.ts';
import type { Plain } from '../terminal/yaml.ts';
import { firstLoss } from './content.ts';
import { innerMapManifest, outerMapManifest } from './manifests.ts';
import { InnerMapNames } from './names.ts';
import { candidateDeclarations, type Declarations, type GivenTypes } from './types.ts';

export interface ExportRequest {
  readonly kernel: Kernel;
  readonly outer: OpenMap;
  /** Relative to the bpffs. */
  readonly pin: string;
  readonly name: string;
  readonly namespace: string;
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
  const owner = ledgers(kernel.pins).find(ledger => idAt(kernel, ledger.paths.outer) === outer.id);
  const maps = await readAll(request, owner, progress);
  const template = templateOf(request, maps);
  const candidates = candidateDeclarations(outer.spec, template, request.types);
  let loss = '';
  for (const [index, declarations] of candidates.entries()) {
    const attempt = written(request, { template, declarations, maps });
    if ('documents' in attempt)
      return { documents: attempt.documents, notes: notesOf(owner, index === 0 ? '' : loss) };
    loss = attempt.loss;
  }
  throw new Error(`Cannot export ${request.pin}: ${loss}; give types that hold every byte, such as u8[N]`);
}

interface Whole {
  readonly key: Uint8Array;
  readonly reading: InnerReading;
}

async function readAll(
  { kernel, outer }: ExportRequest,
  owner: Ledger | undefined,
  progress: Progressed,
): Promise<readonly Whole[]> {
  const maps: Whole[] = [];
  for await (const held of heldMaps(kernel, outer, owner, progress)) maps.push(wholeOf(held));
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

interface Attempt {
  readonly template: MapSpec;
  readonly declarations: Declarations;
  readonly maps: readonly Whole[];
}

/** The manifests by one choice of types, or what would be lost in them. */
function written(
  request: ExportRequest,
  { template, declarations, maps }: Attempt,
): { documents: readonly Plain[] } | { loss: string } {
  const { name, namespace, pin, outer } = request;
  const { possibleCpus } = request.kernel;
  const document = outerMapManifest({ name, namespace, pin, outer: outer.spec, template, declarations });
  const layout = layoutRead(document);
  const names = new InnerMapNames(name);
  const nameFor = (text: string) => names.nameFor(text);
  const documents: Plain[] = [document];
  for (const { key, reading } of maps) {
    const inner = innerMapManifest({
      name: nameFor,
      namespace,
      outerMap: name,
      layout,
      key,
      reading,
      possibleCpus,
    });
    const lost = firstLoss(layout, contentRead(inner), reading, possibleCpus);
    if (lost !== undefined) return { loss: lossText(layout, key, lost, declarations) };
    documents.push(inner);
  }
  return { documents };
}

/** By the parser and the layout that will read the manifest again: what they refuse is not written. */
function layoutRead(document: Plain): OuterLayout {
  const manifest = read(document);
  if (manifest.kind !== 'OuterMap') throw new Error('Cannot export: not an OuterMap was written');
  const layout = outerLayout(manifest.outerMap);
  if (layout.ok) return layout.value;
  throw new Error(`Cannot export: ${problemsText(layout.problems)}`);
}

function contentRead(document: Plain): RawContent {
  const manifest = read(document);
  if (manifest.kind !== 'InnerMap') throw new Error('Cannot export: not an InnerMap was written');
  return manifest.manifest.content;
}

function read(document: Plain): Manifest {
  const parsed = parseManifest(document);
  if (parsed.ok) return parsed.value;
  throw new Error(`Cannot export: ${problemsText(parsed.problems)}`);
}

function problemsText(problems: readonly Problem[]): string {
  return problems.map(({ path, message }) => `${fieldText(path)}: ${message}`).join('; ');
}

function lossText(
  layout: OuterLayout,
  key: Uint8Array,
  lost: Uint8Array,
  { innerKey, innerValue }: Declarations,
): string {
  const outerKey = keyText(layout.outerKey, key);
  return `the entry with key 0x${hex(lost)} of the inner map at ${outerKey} holds bytes that ${innerKey} → ${innerValue} cannot say`;
}

function notesOf(owner: Ledger | undefined, loss: string): readonly string[] {
  const owned = `This map belongs to OuterMap ${owner?.name} already: a second one with this pin will be refused (PinInUse)`;
  return [
    ...(owner === undefined ? [] : [owned]),
    ...(loss === '' ? [] : [`Inner keys are written as bytes: ${loss}`]),
  ];
}
