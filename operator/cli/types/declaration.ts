import { printable } from '../../api/text/printable.ts';
import { kernelFieldIn } from '../../core/btf/reading/kernelfield.ts';
import { prefixType } from '../../core/btf/reading/prefix.ts';
import { type Btf, plainBtfType } from '../../core/btf/reading/read.ts';
import { btfDeclaration } from '../../core/btf/reading/type.ts';
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
      { name, kept: kernelFieldIn(btf, id), size: size || plain.sizeOrType },
      declared.message,
    );
  }
  const { text, type } = declared.value;
  if (size !== 0 && type.size !== size) return undefined;
  return (isPrefix ? prefixType(type)?.kind : undefined) ?? inLines(text);
}

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
  return printable(text).replaceAll('*/', '');
}
