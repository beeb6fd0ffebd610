import { CONTENT_TYPES } from '../../api/outermap.ts';
import { kernelFieldIn } from '../../core/btf/reading/kernelfield.ts';
import { isArray, type MapSpec } from '../../core/mapspec.ts';
import { parseDeclaration } from '../../core/types/declaration.ts';
import { kernelFieldsOf } from '../../core/types/kernelfield.ts';
import { KernelError } from '../../kernel/error.ts';
import { declarationText } from '../types/declaration.ts';
import type { TypeSource } from '../types/definition.ts';
import type { Declarations, GivenTypes } from './types.ts';
import { type ObjectTypes, type Sought, typeSources } from './typesources.ts';

/** Declarations of the parts that were given or found; the others are chosen by size. */
export interface FoundTypes {
  readonly types: GivenTypes;
  /** What the reader should know of the others. */
  readonly notes: readonly string[];
}

type Part = keyof Declarations;

const WORDS: Readonly<Record<Part, string>> = {
  key: 'the outer map’s keys',
  innerKey: 'the inner maps’ keys',
  innerValue: 'the inner maps’ values',
};

/** Types that were given, and of the others those that BTF has of the right size, of the first source that has one. */
export function foundTypes(
  { outer, template }: { readonly outer: MapSpec; readonly template: MapSpec },
  given: GivenTypes,
  sought: Sought,
): FoundTypes {
  const sizes = sizesOf(outer, template);
  const types: Record<Part, string | undefined> = { innerKey: undefined, innerValue: undefined, ...given };
  const missing = (): Part[] => (Object.keys(sizes) as Part[]).filter(part => types[part] === undefined);
  const refused = untilRefused(() => {
    for (const source of typeSources(sought)) {
      if (given.innerValue !== undefined) refuseHidden(given.innerValue, source);
      for (const part of missing())
        types[part] = declarationAt(source, part, { size: sizes[part]!, template });
      if (missing().length === 0) break;
    }
  });
  return {
    types,
    notes: missing().length === 0 ? [] : [noteOf(missing(), { object: sought.object, refused })],
  };
}

/** The error of a kernel that does not show BTF. */
function untilRefused(look: () => void): KernelError | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
}

/** A type that was given must not show what is the kernel’s: it holds the kernel’s addresses. */
function refuseHidden(given: string, { btf, innerValue = 0 }: TypeSource): void {
  const kept = kernelFieldIn(btf, innerValue);
  const declared = parseDeclaration(given);
  if (kept === undefined || !declared.ok || kernelFieldsOf(declared.type).length > 0) return;
  throw new Error(
    `Cannot export the values as ${given}: they hold a ${kept}, which is the kernel’s: declare it as the program’s header has it`,
  );
}

/** The bytes of each part whose type is a choice: an index is a u32. */
function sizesOf(outer: MapSpec, template: MapSpec): Partial<Record<Part, number>> {
  const hasContents = (CONTENT_TYPES as readonly string[]).includes(template.type);
  return {
    ...(outer.type === 'HashOfMaps' ? { key: outer.keySize } : {}),
    ...(hasContents && !isArray(template.type) ? { innerKey: template.keySize } : {}),
    ...(hasContents ? { innerValue: template.valueSize } : {}),
  };
}

function declarationAt(
  source: TypeSource,
  part: Part,
  { size, template }: { readonly size: number; readonly template: MapSpec },
): string | undefined {
  const isPrefix = part === 'innerKey' && template.type === 'LPMTrie';
  return declarationText({ btf: source.btf, id: source[part] ?? 0, size, isPrefix });
}

function noteOf(missing: readonly Part[], { object, refused }: Unfound): string {
  const what = `The types of ${missing.map(part => WORDS[part]).join(' and of ')} are chosen by size`;
  if (object !== undefined)
    return `${what}: ${object.file} does not define them, or of another size; name the map in it that does with --map, or give them`;
  const remedy = 'take them from the program’s object file: --types-from FILE';
  if (refused === undefined)
    return `${what}: neither the inner maps nor a program that uses them has BTF that says them; ${remedy}`;
  return `${what}: ${refused.message}; run as root, or ${remedy}`;
}

interface Unfound {
  readonly object: ObjectTypes | undefined;
  readonly refused: KernelError | undefined;
}
