import type { FieldLocation } from './path.ts';
import type { StructType } from './type.ts';

interface Part {
  whole: boolean;
  readonly parts: Map<number, Part>;
}

/** The parts of one value that were given so far. */
export class GivenParts {
  readonly #root: Part = { whole: false, parts: new Map() };

  /** Notes a part. Returns why it cannot be given too: none is given twice, and of a union one member. */
  problem({ steps }: FieldLocation, name: string): string | undefined {
    let at = this.#root;
    for (const { of, part } of steps) {
      let next = at.parts.get(part);
      if (next === undefined) {
        const [other] = at.parts.keys();
        if (of.kind === 'union' && other !== undefined) return oneMember(of, name, other);
        next = { whole: at.whole, parts: new Map() };
        at.parts.set(part, next);
      }
      at = next;
    }
    if (at.whole || at.parts.size > 0) return `${name} is given twice: write it once`;
    at.whole = true;
    return undefined;
  }
}

/** The message about two members of a union. */
export function oneMember(union: StructType, name: string, other: number): string {
  const before = union.fields[other]?.name ?? '';
  const what = before === '' ? 'another member' : before;
  return `${name} and ${what} are of one union and share their bytes: write one of them`;
}
