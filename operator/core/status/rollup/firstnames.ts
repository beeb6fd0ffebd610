const FIRST = 3;
const NONE = 0xffff_ffff;

/**
 * The first three names among the nodes before each place of a row, or from each place on: worked out once for all
 * places, since thousands of inner maps ask for as many places.
 */
export class FirstNames {
  readonly #names: readonly string[];
  /** Three ranks a place; a rank is a place in the order of names. */
  readonly #ranks: Uint32Array;
  readonly #counts: Uint32Array;

  private constructor(places: number, names: readonly string[]) {
    this.#names = names;
    this.#ranks = new Uint32Array(FIRST * places).fill(NONE);
    this.#counts = new Uint32Array(places);
  }

  /** Place n stands for the first n of the row. */
  static prefixes(row: Uint32Array, names: readonly string[]): FirstNames {
    const first = new FirstNames(row.length + 1, names);
    for (let at = 0; at < row.length; at++) first.#extend(at, at + 1, row[at]!);
    return first;
  }

  /** Place n stands for those from n on that are marked. */
  static suffixes(row: Uint32Array, names: readonly string[], marked: Uint8Array): FirstNames {
    const first = new FirstNames(row.length + 1, names);
    for (let at = row.length - 1; at >= 0; at--)
      first.#extend(at + 1, at, marked[at] === 1 ? row[at]! : NONE);
    return first;
  }

  count(place: number): number {
    return this.#counts[place]!;
  }

  names(place: number): readonly string[] {
    const ranks = this.#ranks.subarray(FIRST * place, FIRST * (place + 1));
    const names: string[] = [];
    for (const rank of ranks) if (rank !== NONE) names.push(this.#names[rank]!);
    return names;
  }

  #extend(from: number, to: number, added: number): void {
    this.#counts[to] = this.#counts[from]! + (added === NONE ? 0 : 1);
    let rank = added;
    for (let at = 0; at < FIRST; at++) {
      const known = this.#ranks[FIRST * from + at]!;
      this.#ranks[FIRST * to + at] = Math.min(rank, known);
      rank = Math.max(rank, known);
    }
  }
}
