import { isObject } from '../../api/parse/section.ts';
import { type FieldPath, fieldText, type Problem } from '../../api/problem.ts';
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

const DECLARATIONS: readonly FieldPath[] = [
  ['spec', 'key'],
  ['spec', 'inner', 'key'],
  ['spec', 'inner', 'value'],
];

/** The mistakes in the types of an OuterMap's document that is refused for these problems: one mistake hides no other. */
export function typeProblems(document: unknown, refusedFor: readonly Problem[]): readonly Problem[] {
  const problems: Problem[] = [];
  const known = new Set(refusedFor.map(({ path }) => fieldText(path)));
  for (const path of DECLARATIONS) {
    const text = path.reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), document);
    if (typeof text === 'string' && !known.has(fieldText(path))) readType(text, path, problems);
  }
  return problems;
}
