import type { FieldPath, Problem } from '../../api/problem.ts';
import { excerpt, parseDeclaration } from '../types/declaration.ts';
import type { Type } from '../types/type.ts';

/** The type that a declaration in a manifest means; where it means none, that is told with the place in it. */
export function readType(text: string, path: FieldPath, problems: Problem[]): Type | undefined {
  const declaration = parseDeclaration(text);
  if (declaration.ok) return declaration.type;
  const { offset, message } = declaration;
  problems.push({ path, message: `${message} (at ${excerpt(text, offset)}, character ${offset + 1})` });
  return undefined;
}
