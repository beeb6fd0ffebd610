import type { AccessRule, OuterMap } from '../../api/outermap.ts';
import type { Parsed, Problem } from '../../api/problem.ts';
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

/** Reads the access rules of an OuterMap by the type of its keys, or says everything that is wrong with them. */
export function accessOf(outerMap: OuterMap, keyType: Type): Parsed<Access> {
  const problems: Problem[] = [];
  const rules = outerMap.spec.access;
  const compiled = rules.map((rule, index) => compiledRule(rule, index, { keyType, problems }));
  if (problems.length > 0) return { ok: false, problems };
  const rulesOf = remembered((namespace: string) =>
    compiled.filter(rule => covers(rule.namespaces, namespace)),
  );
  const mayDeclare = (namespace: string, key: Uint8Array) =>
    rulesOf(namespace).some(rule => rule.keys === undefined || rule.keys.some(matches => matches(key)));
  return { ok: true, value: { rules, mayDeclare } };
}

/** Thousands of InnerMaps ask in turn for the same namespace. */
function remembered<T>(rulesOf: (namespace: string) => T): (namespace: string) => T {
  let last: { readonly namespace: string; readonly rules: T } | undefined;
  return namespace => {
    if (last?.namespace !== namespace) last = { namespace, rules: rulesOf(namespace) };
    return last.rules;
  };
}

/** The message of KeyNotAllowed: what the namespace may declare, or who may declare anything. */
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

function compiledRule(
  rule: AccessRule,
  index: number,
  { keyType, problems }: { keyType: Type; problems: Problem[] },
): CompiledRule {
  if (rule.keys === undefined) return { namespaces: rule.namespaces };
  const keys: KeyRule[] = [];
  for (const [position, text] of rule.keys.entries()) {
    const compiled = keyRule(keyType, text);
    if (typeof compiled === 'string')
      problems.push({ path: ['spec', 'access', index, 'keys', position], message: compiled });
    else keys.push(compiled);
  }
  return { namespaces: rule.namespaces, keys };
}

function covers(patterns: readonly string[], namespace: string): boolean {
  return patterns.some(pattern => globMatches(pattern, namespace));
}

function listed(items: readonly (string | number)[]): string {
  if (items.length === 0) return 'no keys';
  const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '';
  return `${items.slice(0, SHOWN).join(', ')}${more}`;
}
