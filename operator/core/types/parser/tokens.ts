/** A piece of a declaration. Blanks and comments are gone; `offset` is where it began in the text. */
export interface Token {
  readonly kind: 'word' | 'number' | 'mark' | 'end';
  readonly text: string;
  readonly offset: number;
}

/** Ends the reading of a declaration: what is wrong with it and what would be right. Never leaves parseDeclaration. */
export class DeclarationProblem extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'DeclarationProblem';
    this.offset = offset;
  }
}

const PIECE =
  /(?<gap>\s+|\/\*[\s\S]*?\*\/|\/\/[^\n]*)|(?<word>[A-Za-z_]\w*)|(?<number>(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]{0,3}(?!\w))|(?<mark><<|[{}[\]();,:=*|-])/y;

/** The pieces of a declaration, an `end` last. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  while (offset < text.length) {
    PIECE.lastIndex = offset;
    const match = PIECE.exec(text);
    if (match === null) throw new DeclarationProblem(offset, unreadable(text, offset));
    const kind = kindOf(match.groups ?? {});
    if (kind !== undefined) tokens.push({ kind, text: match[0], offset });
    offset = PIECE.lastIndex;
  }
  tokens.push({ kind: 'end', text: '', offset: text.length });
  return tokens;
}

function kindOf(groups: Readonly<Record<string, string | undefined>>): Token['kind'] | undefined {
  if (groups['word'] !== undefined) return 'word';
  if (groups['number'] !== undefined) return 'number';
  return groups['mark'] === undefined ? undefined : 'mark';
}

function unreadable(text: string, offset: number): string {
  const character = String.fromCodePoint(text.codePointAt(offset) ?? 0);
  if (text.startsWith('/*', offset)) return 'A comment is not closed: end it with */';
  if (character === '#') return 'Preprocessor lines are not read: write the expanded declaration';
  if (/\d/.test(character)) return 'Not an integer: write a decimal or 0x number';
  return `Unexpected character ${JSON.stringify(character)}: write a C declaration such as struct { __be16 port; __u8 proto; }`;
}
