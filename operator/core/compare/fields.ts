import { isObject } from '../../api/parse/section.ts';
import { type FieldPath, fieldText } from '../../api/problem.ts';

/** A field that differs. A side without the field has no text. */
export interface FieldChange {
  /** `spec.access[0].keys` */
  readonly field: string;
  readonly before?: string;
  readonly after?: string;
}

/** The fields in which two objects of plain data differ; a list of scalars is one field. */
export function fieldChanges(before: unknown, after: unknown, path: FieldPath = []): readonly FieldChange[] {
  if (isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap(name => fieldChanges(before[name], after[name], [...path, name]));
  }
  if (isListOfRecords(before) && isListOfRecords(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, at) => fieldChanges(before[at], after[at], [...path, at])).flat();
  }
  const [left, right] = [textOf(before), textOf(after)];
  if (left === right) return [];
  return [
    {
      field: fieldText(path),
      ...(left === undefined ? {} : { before: left }),
      ...(right === undefined ? {} : { after: right }),
    },
  ];
}

function isListOfRecords(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0 && value.every(isObject);
}

/** An empty list or object is equal to an absent one. */
function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : JSON.stringify(value);
  if (isObject(value)) {
    const given = Object.entries(value).filter(([, field]) => textOf(field) !== undefined);
    return given.length === 0 ? undefined : JSON.stringify(Object.fromEntries(given));
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
