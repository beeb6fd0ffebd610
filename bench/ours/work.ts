/** Where a run may write: both are gone afterwards. */
export interface Places {
  readonly directory: string;
  readonly bpffs: string;
}

/** Numeric options of a run: `--maps 10000` is `{ maps: 10000 }`. */
export type Sizes = Readonly<Record<string, number>>;

/** One work: answers `seconds` and whatever else it saw, as numbers. */
export type Work = (
  places: Places,
  sizes: Sizes,
) => Promise<Readonly<Record<string, number>> & { readonly seconds: number }>;
