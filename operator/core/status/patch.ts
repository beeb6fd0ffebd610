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
