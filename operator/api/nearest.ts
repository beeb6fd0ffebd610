/** `, did you mean plan?`, or nothing where no candidate is near. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  return near === undefined ? '' : `, did you mean ${near}?`;
}

/** The word that was probably meant: it differs in case or in a few letters, or `word` is its beginning. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const written = word.slice(0, LONGEST).toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(written.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = distanceBetween(written, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return (
    best ?? (written.length > 1 ? candidates.find(name => name.toLowerCase().startsWith(written)) : undefined)
  );
}

/** No field's name is longer, and a longer word must not cost more time. */
const LONGEST = 64;

/** Letters inserted, deleted, replaced, or two neighbours swapped (the distance of Damerau and Levenshtein). */
function distanceBetween(left: string, right: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let line = 1; line <= left.length; line++) {
    const next = [line];
    for (let column = 1; column <= right.length; column++) {
      const replaced = row[column - 1]! + (left[line - 1] === right[column - 1] ? 0 : 1);
      const isSwap = left[line - 1] === right[column - 2] && left[line - 2] === right[column - 1];
      const swapped = line > 1 && column > 1 && isSwap ? before[column - 2]! + 1 : replaced;
      next.push(Math.min(replaced, swapped, row[column]! + 1, next[column - 1]! + 1));
    }
    before = row;
    row = next;
  }
  return row[right.length]!;
}
