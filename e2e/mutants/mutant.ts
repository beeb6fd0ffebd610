/** One plausible slip, and the specs that must notice it. */
export interface Mutant {
  /** What goes wrong, as a sentence: `the brake lets one more key go than maxRemoval allows`. */
  readonly name: string;
  /** The source file, from the top of the repository. */
  readonly file: string;
  /** The text that is replaced; it occurs once in the file. */
  readonly from: string;
  readonly to: string;
  /** The compiled specs that must fail with it, from the top of the repository (`dist/operator/core/plan/plan.test.js`). */
  readonly specs: readonly string[];
}
