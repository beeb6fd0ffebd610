import type { AccessRule, OuterMap } from '../../api/outermap.ts';
import type { FieldPath, Parsed, Problem } from '../../api/problem.ts';
import { remembered } from '../items.ts';
import type { Type } from '../types/type.ts';
import { globMatches } from './glob.ts';
import { type KeyRule, keyRule } from './keyrule.ts';

/** Which namespace may declare which keys of an outer map. */
export interface Access {
  /** The rules as their author wrote them, for messages. */
  readonly rules: readonly AccessRule[];
  mayDeclare(namespace: string, key: Uint8Array): boolean;
}

interface CompiledRule {
  readonly namespaces: readonly string[];
  /** Absent: all keys. */
  readonly keys?: readonly KeyRule[];
}

const SHOWN = 5;

/** Reads the access rules of an OuterMap by the type of its keys, or returns all their problems. */
export function accessOf(outerMap: OuterMap, keyType: Type): Parsed<Access> {
  const problems: Problem[] = [];
  const rules = outerMap.spec.access;
  const compiled = rules.map(({ namespaces, keys }, index): CompiledRule => {
    if (keys === undefined) return { namespaces };
    return { namespaces, keys: keyRules(keys, ['spec', 'access', index, 'keys'], { keyType, problems }) };
  });
  if (problems.length > 0) return { ok: false, problems };
  const rulesOf = remembered((namespace: string) =>
    compiled.filter(rule => covers(rule.namespaces, namespace)),
  );
  const mayDeclare = (namespace: string, key: Uint8Array) =>
    rulesOf(namespace).some(rule => rule.keys === undefined || rule.keys.some(matches => matches(key)));
  return { ok: true, value: { rules, mayDeclare } };
}

/** The message of KeyNotAllowed: the keys that the namespace may declare, or the namespaces that rules name. */
export function denial(access: Access, namespace: string, keyText: string): string {
  const own = access.rules.filter(rule => covers(rule.namespaces, namespace));
  const refused = `Namespace ${namespace} may not declare key ${keyText}`;
  const ask = 'ask the owner of the OuterMap to extend spec.access';
  if (own.length > 0)
    return `${refused}: it may declare ${listed(own.flatMap(rule => rule.keys ?? []))}; ${ask}`;
  const names = access.rules.flatMap(rule => rule.namespaces);
  if (names.length === 0)
    return `${refused}: spec.access of the OuterMap has no rules, so nobody may; ${ask}`;
  return `${refused}: no rule names it, rules name ${listed(names)}; ${ask}`;
}

function keyRules(
  texts: NonNullable<AccessRule['keys']>,
  path: FieldPath,
  { keyType, problems }: { keyType: Type; problems: Problem[] },
): readonly KeyRule[] {
  return texts.flatMap((text, position) => {
    const rule = keyRule(keyType, text);
    if (typeof rule !== 'string') return [rule];
    problems.push({ path: [...path, position], message: rule });
    return [];
  });
}

function covers(patterns: readonly string[], namespace: string): boolean {
  return patterns.some(pattern => globMatches(pattern, namespace));
}

function listed(items: readonly (string | number)[]): string {
  if (items.length === 0) return 'no keys';
  const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '';
  return `${items.slice(0, SHOWN).join(', ')}${more}`;
}
