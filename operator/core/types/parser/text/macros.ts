import { POINTER_TAGS } from '../../kernelfield.ts';
import { KNOWN_MACROS } from './known.ts';
import { DeclarationProblem, type Token, tokensOf } from './tokens.ts';

/** The most pieces that macros may make of one text. */
const MOST_PIECES = 16 * 1024;

/** Macros without arguments, by their names. */
export class Macros {
  /** Undefined: it has arguments. Null: the text says that it is not defined. */
  readonly #bodies = new Map<string, readonly Token[] | undefined | null>(
    [...KNOWN_MACROS].map(([name, text]) => [name, tokensOf(text).slice(0, -1)]),
  );
  readonly #open = new Set<string>();
  #pieces = 0;

  /** `NAME` or `NAME what it stands for`; fails where there is no name. */
  define([name, ...body]: readonly Token[]): void {
    if (name?.kind !== 'word') throw new DeclarationProblem(name!.offset, 'Expected a name behind #define');
    // The line of bpf_helpers.h: the name itself is read
    if (Object.hasOwn(POINTER_TAGS, name.text) && body.some(({ text }) => text === 'btf_type_tag')) return;
    const [first] = body;
    const hasArguments = first?.text === '(' && first.offset === name.offset + name.text.length;
    this.#bodies.set(name.text, hasArguments ? undefined : body.filter(({ kind }) => kind !== 'end'));
  }

  undefine([name]: readonly Token[]): void {
    if (name?.kind !== 'word') throw new DeclarationProblem(name!.offset, 'Expected a name behind #undef');
    this.#bodies.set(name.text, null);
  }

  /** Undefined where the text does not say. */
  isDefined(name: string): boolean | undefined {
    return this.#bodies.has(name) ? this.#bodies.get(name) !== null : undefined;
  }

  /** Adds what a piece stands for, at the place of the piece. No macro is expanded within itself. */
  expand(token: Token, into: Token[], offset = token.offset): void {
    this.#pieces += 1;
    if (this.#pieces > MOST_PIECES)
      throw new DeclarationProblem(
        offset,
        `Macros make more than ${MOST_PIECES} words of this: declare less`,
      );
    const name = token.kind === 'word' && !this.#open.has(token.text) ? token.text : undefined;
    const body = name === undefined ? null : this.#bodies.get(name);
    if (name !== undefined && body === undefined && this.#bodies.has(name))
      throw new DeclarationProblem(
        offset,
        `${name} is a macro with arguments: write here what it stands for`,
      );
    if (name === undefined || body === null || body === undefined) {
      into.push(offset === token.offset ? token : { ...token, offset });
      return;
    }
    this.#open.add(name);
    for (const piece of body) this.expand(piece, into, offset);
    this.#open.delete(name);
  }
}
