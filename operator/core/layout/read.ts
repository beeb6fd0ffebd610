import type { FieldPath, Problem } from '../../api/problem.ts';
import { excerpt, parseDeclaration } from '../types/declaration.ts';
import type { Type } from '../types/type.ts';

/** The type of a declaration in a manifest; undefined, with the problem added, where it cannot be read. */
export function readType(text: string, path: FieldPath, problems: Problem[]): Type | undefined {
  const declaration = parseDeclaration(text);
  if (declaration.ok) return declaration.type;
  const { offset, message } = declaration;
  problems.push({ path, message: `${message} (at ${excerpt(text, offset)}, character ${offset + 1})` });
  return undefined;
}
