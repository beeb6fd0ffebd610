/** A piece of a declaration, without blanks and comments. `offset` counts characters from the start of the text. */
export interface Token {
  readonly kind: 'word' | 'number' | 'mark' | 'end';
  readonly text: string;
  readonly offset: number;
}

/** Ends the reading of a declaration. parseDeclaration catches it. */
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
    const kind = (['word', 'number', 'mark'] as const).find(each => match.groups?.[each] !== undefined);
    if (kind !== undefined) tokens.push({ kind, text: match[0], offset });
    offset = PIECE.lastIndex;
  }
  tokens.push({ kind: 'end', text: '', offset: text.length });
  return tokens;
}

function unreadable(text: string, offset: number): string {
  const character = String.fromCodePoint(text.codePointAt(offset) ?? 0);
  if (text.startsWith('/*', offset)) return 'A comment is not closed: end it with */';
  if (character === '#') return 'Preprocessor lines are not read: write the expanded declaration';
  if (/\d/.test(character)) return 'Not an integer: write a decimal or 0x number';
  return `Unexpected character ${JSON.stringify(character)}: write a C declaration such as struct { __be16 port; __u8 proto; }`;
}
