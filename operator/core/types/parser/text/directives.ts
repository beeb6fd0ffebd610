import { isTrue } from '../constant.ts';
import { KNOWN_DEFINED } from './known.ts';
import { Macros } from './macros.ts';
import { DeclarationProblem, fail, type Token, tokensOf } from './tokens.ts';

/** The state of one #if: whether its lines count. `over`: none of the rest can. */
interface Condition {
  readonly at: Token;
  state: 'taken' | 'skipped' | 'over' | 'unknown';
  hasElse: boolean;
}

const DEEPEST = 32;

/** The pieces of a text as the compiler sees them: lines that begin with # are obeyed, macros are what they stand for. */
export function preprocessed(text: string): readonly Token[] {
  const tokens = tokensOf(text);
  const macros = new Macros();
  const conditions: Condition[] = [];
  const seen: Token[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'directive') obey(token, tokens[index + 1]!, { macros, conditions });
    else if (token.kind === 'end' && conditions.length > 0)
      fail(conditions.at(-1)!.at, 'This #if is not closed: end it with #endif');
    else if (isTaken(conditions)) macros.expand(token, seen);
  }
  return seen;
}

interface State {
  readonly macros: Macros;
  readonly conditions: Condition[];
}

/** Whether these lines count; fails where nobody can tell. */
function isTaken(conditions: readonly Condition[]): boolean {
  for (const { state, at } of conditions) {
    if (state === 'unknown') fail(at, unknown(at));
    if (state !== 'taken') return false;
  }
  return true;
}

function obey(token: Token, next: Token, { macros, conditions }: State): void {
  const [, name = '', rest = ''] = /^#\s*(\w*)(.*)$/s.exec(token.text)!;
  const words = () => tokensOf(rest, token.offset + token.text.length - rest.length);
  switch (name) {
    case 'if':
    case 'ifdef':
    case 'ifndef':
      if (conditions.length >= DEEPEST)
        fail(token, `#if is nested more than ${DEEPEST} deep: take lines out`);
      conditions.push(conditionOf(token, name, { words, next, macros, conditions }));
      break;
    case 'elif':
    case 'else':
      alternative(token, conditions.at(-1), name === 'else' ? undefined : () => ifState(words(), macros));
      break;
    case 'elifdef':
    case 'elifndef':
      throw new DeclarationProblem(
        token.offset,
        `Directive #${name} is not read: write #elif ${name === 'elifdef' ? '' : '!'}defined(NAME)`,
      );
    case 'endif':
      if (conditions.pop() === undefined) fail(token, 'This #endif has no #if: take it out');
      break;
    case 'include':
    case 'warning':
      break;
    default:
      if (isTaken(conditions)) obeyTaken(token, name, { words, macros });
  }
}

interface Directive {
  readonly words: () => readonly Token[];
  readonly macros: Macros;
}

function obeyTaken(token: Token, name: string, { words, macros }: Directive): void {
  if (name === '' && words().length === 1) return;
  if (name === 'define') macros.define(words());
  else if (name === 'undef') macros.undefine(words());
  else if (name === 'pragma') pragma(token);
  else if (name === 'error') fail(token, `This text is made not to be read: ${token.text.slice(0, 100)}`);
  else fail(token, `Directive #${name} is not known: take the line out`);
}

function pragma(token: Token): void {
  if (/^#\s*pragma\s+(once|GCC\s+diagnostic|clang\s+diagnostic|clang\s+attribute)\b/.test(token.text)) return;
  fail(
    token,
    'This pragma may change the layout: write __attribute__((packed)) or aligned(N) behind the } of a struct',
  );
}

function conditionOf(
  at: Token,
  name: string,
  {
    words,
    next,
    macros,
    conditions,
  }: Directive & { readonly next: Token; readonly conditions: readonly Condition[] },
): Condition {
  if (conditions.some(({ state }) => state !== 'taken')) return { at, state: 'over', hasElse: false };
  if (name === 'if') return { at, state: ifState(words(), macros), hasElse: false };
  const [word] = words();
  if (word?.kind !== 'word') return fail(at, `Expected a name behind #${name}`);
  // An include guard, or a value that the compiler's command line may give: the text gives it here
  const isGuard = name === 'ifndef' && new RegExp(`^#\\s*define\\s+${word.text}\\b`).test(next.text);
  const isDefined = definedness(word.text, macros) ?? (isGuard ? false : undefined);
  const state = isDefined === undefined ? 'unknown' : isDefined === (name === 'ifdef') ? 'taken' : 'skipped';
  return { at, state, hasElse: false };
}

function definedness(name: string, macros: Macros): boolean | undefined {
  return macros.isDefined(name) ?? KNOWN_DEFINED.get(name);
}

function alternative(at: Token, condition: Condition | undefined, next?: () => Condition['state']): void {
  if (condition === undefined || condition.hasElse)
    throw new DeclarationProblem(at.offset, 'This #else has no #if: take it out');
  condition.hasElse = next === undefined;
  if (condition.state === 'taken') condition.state = 'over';
  else if (condition.state === 'skipped') condition.state = next?.() ?? 'taken';
}

function ifState(words: readonly Token[], macros: Macros): Condition['state'] {
  const condition: Token[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const token = words[index]!;
    if (token.text !== 'defined') {
      macros.expand(token, condition);
      continue;
    }
    const isCall = words[index + 1]?.text === '(';
    const name = words[index + (isCall ? 2 : 1)];
    const isDefined = definedness(name?.text ?? '', macros);
    if (isDefined === undefined) return 'unknown';
    condition.push({ kind: 'number', text: isDefined ? '1' : '0', offset: token.offset });
    index += isCall ? 3 : 1;
  }
  const holds = isTrue(condition);
  return holds === undefined ? 'unknown' : holds ? 'taken' : 'skipped';
}

function unknown(at: Token): string {
  const line = at.text.replace(/\s+/g, ' ').slice(0, 100);
  return `Whether ${line} holds is not known here: #define or #undef its names above, or take out the lines that do not count`;
}
