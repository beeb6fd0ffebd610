/** Whether a glob matches a whole name: `*` is any run of characters, `?` one. Takes name × stars steps at most. */
export function globMatches(pattern: string, name: string): boolean {
  let [at, within] = [0, 0];
  let [star, retry] = [-1, 0];
  while (at < name.length) {
    if (pattern[within] === '*') {
      star = within;
      retry = at;
      within += 1;
    } else if (pattern[within] === '?' || pattern[within] === name[at]) {
      at += 1;
      within += 1;
    } else if (star >= 0) {
      within = star + 1;
      retry += 1;
      at = retry;
    } else return false;
  }
  while (pattern[within] === '*') within += 1;
  return within === pattern.length;
}
