/** A piece of a declaration, without blanks and comments. `offset` counts characters from the start of the text. */
export interface Token {
  readonly kind: 'word' | 'number' | 'character' | 'string' | 'mark' | 'directive' | 'end';
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

/** Fails at this place of the text. */
export function fail(token: Token, message: string): never {
  throw new DeclarationProblem(token.offset, message);
}

/** A token in a message. */
export function found(token: Token): string {
  return token.kind === 'end' ? 'the end' : JSON.stringify(token.text.slice(0, 60));
}

/** In the order of the groups of PIECE. */
const KINDS = ['directive', 'word', 'number', 'character', 'string', 'mark'] as const;
const COMMENT = String.raw`\/\*[^]*?\*\/|\/\/(?:\\[ \t]*\r?\n|[^\n])*`;
const PIECE = new RegExp(
  [
    String.raw`(?:\s+|\\\r?\n|${COMMENT})`,
    String.raw`(#(?:\\\r?\n|${COMMENT}|[^\n])*)`,
    String.raw`([A-Za-z_]\w*)`,
    String.raw`((?:0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)[uUlL]{0,3}(?!\w))`,
    String.raw`('(?:[^'\\\n]|\\[0abtnvfr\\'"])')`,
    String.raw`("(?:[^"\\\n]|\\[^\n])*")`,
    String.raw`(<<|>>|<=|>=|==|!=|&&|\|\||[{}[\]();,:=*|&^~!<>+\-%?]|\/(?![*]))`,
  ].join('|'),
  'y',
);

/** The pieces of a declaration, an `end` last. Lines that begin with # are directives. `from` is added to each offset. */
export function tokensOf(text: string, from = 0): readonly Token[] {
  const tokens: Token[] = [];
  let isAtLineStart = true;
  for (let offset = 0; offset < text.length; offset = PIECE.lastIndex) {
    PIECE.lastIndex = offset;
    const match = PIECE.exec(text);
    const kind = KINDS.find((_, group) => match?.[group + 1] !== undefined);
    if (match === null || (kind === 'directive' && !isAtLineStart))
      throw new DeclarationProblem(from + offset, unreadable(text, offset));
    if (kind !== undefined) tokens.push({ kind, text: match[0], offset: from + offset });
    isAtLineStart = kind === undefined && (isAtLineStart || match[0].includes('\n'));
  }
  tokens.push({ kind: 'end', text: '', offset: from + text.length });
  return tokens;
}

function unreadable(text: string, offset: number): string {
  const character = String.fromCodePoint(text.codePointAt(offset) ?? 0);
  if (text.startsWith('/*', offset)) return 'A comment is not closed: end it with */';
  if (character === '#') return 'A # stands within a line: give the directive a line of its own';
  if (/\d/.test(character)) return 'Not an integer: write a decimal or 0x number';
  return `Unexpected character ${JSON.stringify(character)}: write a C declaration such as struct { __be16 port; __u8 proto; }`;
}
