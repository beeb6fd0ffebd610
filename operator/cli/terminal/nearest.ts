/** `, did you mean plan?`, or nothing where no candidate is near. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  return near === undefined ? '' : `, did you mean ${near}?`;
}

/** The candidate with the fewest edits, up to a third of the word's letters (one edit at least); else one that it begins. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase().slice(0, LONGEST);
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(lower.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = editsBetween(lower, candidate.toLowerCase());
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return (
    best ?? (lower.length > 1 ? candidates.find(name => name.toLowerCase().startsWith(lower)) : undefined)
  );
}

/** Beyond it nobody meant one of our words. */
const LONGEST = 80;

/** Insertions, deletions, replacements, and swaps of neighbours (optimal string alignment). */
function editsBetween(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      let edits = Math.min(above[column]! + 1, line[column - 1]! + 1, above[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && swapped) edits = Math.min(edits, before[column - 2]! + 1);
      line.push(edits);
    }
    [before, above] = [above, line];
  }
  return above[to.length]!;
}
