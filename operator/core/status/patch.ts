/** JSON with sorted fields, and without those that are null or absent: equal text is equal meaning. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (inner === null) return undefined;
    return typeof inner === 'object' && !Array.isArray(inner) ? sorted(inner as object) : inner;
  });
}

function sorted(object: object): object {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Fields = Readonly<Record<string, unknown>>;

/** A JSON merge patch that makes of `written` exactly `wanted`: what vanishes is null, the rest said in full. */
export function patchTo(wanted: object, written: object): Fields {
  const patch: Record<string, unknown> = {};
  const [after, before] = [wanted as Fields, written as Fields];
  for (const name of Object.keys(before)) if (after[name] === undefined) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const inner = before[name];
    patch[name] = isFields(value) && isFields(inner) ? patchTo(value, inner) : value;
  }
  return patch;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
