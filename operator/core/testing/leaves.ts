import type { FieldPath } from '../../api/problem.ts';
import { hasFields, isAnonymous } from '../types/path.ts';
import type { Type } from '../types/type.ts';

/** Every scalar part, in the order of declaration. What is the kernel's has no value and is left out. */
export function* leavesOf(
  type: Type,
  offset = 0,
  path: FieldPath = [],
): Generator<{ readonly path: FieldPath; readonly type: Type; readonly offset: number }> {
  if (hasFields(type))
    for (const field of type.fields)
      yield* leavesOf(field.type, offset + field.offset, isAnonymous(field) ? path : [...path, field.name]);
  else if (type.kind === 'array')
    for (let index = 0; index < type.length; index += 1)
      yield* leavesOf(type.element, offset + index * type.element.size, [...path, index]);
  else if (type.kind !== 'kernel') yield { path, type, offset };
}
