import { kernelFieldsText, type MapTypes } from '../../core/btf/maptypes.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import { type Errno, KernelError, mayLeaveOutTypes } from '../../kernel/error.ts';
import type { Kernel, OpenMap, OpenTypes } from '../../kernel/kernel.ts';
import type { Outcome } from './outcome.ts';

/** Whether inner maps fit with types or without, where the kernel wants either: by the outer map's name; `of` is its id. */
export type TypedOuters = Map<string, { readonly of: number; readonly typed: boolean }>;

/** The types that one plan needs: each is loaded once, and all are closed at its end. */
export class LoadedTypes {
  readonly #kernel: Kernel;
  readonly #loaded = new Map<MapTypes, OpenTypes | undefined>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Undefined where the kernel does not take them, and nothing in the value needs them. */
  of(types: MapTypes, label: string): OpenTypes | undefined {
    if (this.#loaded.has(types)) return this.#loaded.get(types);
    const loaded = this.#load(types, label);
    this.#loaded.set(types, loaded);
    return loaded;
  }

  #load(types: MapTypes, label: string): OpenTypes | undefined {
    try {
      return this.#kernel.loadTypes(types, label);
    } catch (error) {
      if (!mayLeaveOutTypes(error, types)) throw error;
      return undefined;
    }
  }

  close(): void {
    for (const types of this.#loaded.values()) types?.close();
    this.#loaded.clear();
  }
}

/** What a `Typing` is begun with. */
interface TypedOuter {
  readonly kernel: Kernel;
  readonly loaded: LoadedTypes;
  readonly known: TypedOuters;
  /** The outer map's name, and itself. */
  readonly name: string;
  readonly outer: OpenMap;
}

/**
 * The types that inner maps of one outer map are made with. Linux 5.15 to 6.2 takes them only where the template has types as
 * well, and a template does not tell: there one inner map is tried before the others, with types, and then without.
 */
export class Typing {
  /** Whether the next inner map is tried alone. */
  isOpen = false;
  readonly #given: TypedOuter;
  readonly #declared: OpenTypes | undefined;
  #isTyped: boolean;

  private constructor(given: TypedOuter, declared: OpenTypes | undefined) {
    this.#given = given;
    this.#declared = declared;
    const known = given.known.get(given.name);
    this.#isTyped = known?.of !== given.outer.id || known.typed || isNeeded(declared);
  }

  static async begin(given: TypedOuter, { types }: MapSpec): Promise<Typing> {
    const declared = types && given.loaded.of(types, `inner maps of ${given.name}`);
    const typing = new Typing(given, declared);
    const isKnown = given.known.get(given.name)?.of === given.outer.id;
    if (declared?.of.hasStruct === true && !isNeeded(declared) && !isKnown)
      typing.isOpen = (await given.kernel.probe()).features['innerTypesCompared'] === true;
    return typing;
  }

  get types(): OpenTypes | undefined {
    return this.#isTyped ? this.#declared : undefined;
  }

  /** What became of the one that was tried. Returns whether it is to be tried again, without types. */
  tried(outcome: Outcome | undefined): boolean {
    if (outcome === undefined) return false;
    const { known, name, outer } = this.#given;
    if (outcome.ok) known.set(name, { of: outer.id, typed: this.#isTyped });
    else if (!OF_TYPES.has(outcome.errno)) return false;
    const isAgain = !outcome.ok && this.#isTyped;
    this.isOpen = isAgain;
    // Where neither fits the layout is another: types are no more wrong than none
    this.#isTyped = outcome.ok ? this.#isTyped : !isAgain;
    return isAgain;
  }
}

/** What a kernel says that does not take an inner map as it is. */
const OF_TYPES: ReadonlySet<Errno> = new Set(['EINVAL', 'ENOTSUPP', 'EOPNOTSUPP']);

function isNeeded(types: OpenTypes | undefined): boolean {
  return types !== undefined && types.of.kernelFields.length > 0;
}

/** The refusal of an outer map: fields of the kernel are compared by their places, and pointers by what they point to. */
export function insertionError(error: KernelError, { types }: MapSpec): KernelError {
  const fields = types === undefined ? '' : kernelFieldsText(types);
  if (error.errno !== 'EINVAL' || fields === '') return error;
  const isPointer = types?.kernelFields.some(({ type }) => type.tag !== undefined) === true;
  const why = `the value has ${fields}, which the template does not have at the same place${isPointer ? ', or which points to a struct of the program’s own' : ''}`;
  return new KernelError(error.operation, error.map, error.errno, why);
}
