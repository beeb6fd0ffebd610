import { printable } from '../../api/text/printable.ts';
import { kernelFieldIn } from '../../core/btf/reading/kernelfield.ts';
import { prefixType } from '../../core/btf/reading/prefix.ts';
import { type Btf, plainBtfType, wordBehind } from '../../core/btf/reading/read.ts';
import { btfDeclaration } from '../../core/btf/reading/type.ts';
import { POINTER } from '../../core/types/parser/words.ts';
import { inLines } from './lines.ts';

/** A type in BTF, and what is known of it. */
export interface DeclaredPart {
  readonly btf: Btf;
  /** 0: none. */
  readonly id: number;
  /** In bytes; 0 where only BTF says it. */
  readonly size: number;
  /** Whether it is the key of an LPM trie. */
  readonly isPrefix: boolean;
}

/**
 * The declaration of a type as a person writes it; undefined where BTF has none, or one of another size. What no
 * declaration says is written by its size, with the reason as a comment.
 */
export function declarationText({ btf, id, size, isPrefix }: DeclaredPart): string | undefined {
  const plain = plainBtfType(btf, id);
  if (plain === undefined) return undefined;
  const declared = btfDeclaration(btf, id);
  if (!declared.ok) {
    const name = printed(plain.name || 'a type without a name');
    return bytesBecause(
      { name, kept: kernelFieldIn(btf, id), size: size || sizeOf(btf, id) },
      declared.message,
    );
  }
  const { text, type } = declared.value;
  if (size !== 0 && type.size !== size) return undefined;
  return (isPrefix ? prefixType(type)?.kind : undefined) ?? inLines(text);
}

/** Of an array its elements' size by their number; 0 where BTF says none, or arrays go deeper than in C. */
function sizeOf(btf: Btf, id: number): number {
  let type = plainBtfType(btf, id);
  let length = 1;
  for (let depth = 0; type?.kind === 'Array' && depth < DEEPEST; depth += 1) {
    length *= wordBehind(btf, type, 8);
    type = plainBtfType(btf, wordBehind(btf, type, 0));
  }
  if (type?.kind === 'Pointer') return length * POINTER.size;
  return type === undefined || !SIZED.has(type.kind) ? 0 : length * type.sizeOrType;
}

const DEEPEST = 64;
const SIZED: ReadonlySet<string> = new Set(['Int', 'Float', 'Struct', 'Union', 'Enum', 'Enum64']);

interface Undeclared {
  readonly name: string;
  readonly kept: string | undefined;
  readonly size: number;
}

function bytesBecause({ name, kept, size }: Undeclared, why: string): string {
  if (kept !== undefined)
    throw new Error(
      `Cannot declare ${name}: it holds a ${kept}, which is the kernel’s, and no declaration says it: ${printed(why)}`,
    );
  return `${scalar(size)} /* ${name} in the program, which no declaration says: ${printed(why)} */`;
}

/** Integers and bytes by size. */
export function scalar(size: number): string {
  const bits = [1, 2, 4, 8].includes(size) ? size * 8 : 0;
  return bits === 0 ? `u8[${size}]` : `u${bits}`;
}

/** Names in BTF may be any bytes, and the text is a comment of C. */
function printed(text: string): string {
  return printable(text).replaceAll('*', '');
}
