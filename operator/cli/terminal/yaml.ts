import { Document, type Scalar, visit } from 'yaml';

/** Data as JSON has it. */
export type Plain =
  | string
  | number
  | boolean
  | null
  | readonly Plain[]
  | { readonly [key: string]: Plain | undefined };

/**
 * One document in block style, for readers of YAML 1.1 (kubectl) and 1.2 alike: what either could take for
 * something else than text is quoted. Properties that are undefined are left out.
 */
export function yamlText(value: Plain): string {
  const document = new Document(value, { compat: 'yaml-1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string') scalar.type = styleOf(scalar.value);
    },
  });
  return document
    .toString({ indentSeq: false, doubleQuotedAsJSON: true })
    .replace(UNSAFE, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Words and paths stand as they are, lines as a block that holds them unchanged, anything else in JSON's quotes: kubectl
 * takes more for numbers (0X1F, 0b-1) than the package expects of readers.
 */
function styleOf(text: string): Scalar.Type {
  if (WORD.test(text)) return 'PLAIN';
  return text.includes('\n') && !NO_BLOCK.test(text) ? 'BLOCK_LITERAL' : 'QUOTE_DOUBLE';
}

/** Those that are a boolean, null or a number to YAML 1.1 or 1.2 are known to the package, which quotes them. */
const WORD = /^[A-Za-z_/][A-Za-z0-9_./-]*$/;

/** The first line sets a block's indentation, and a block has no escapes. */
const NO_BLOCK = /^\s|[^\n -~]/;

/** JSON leaves them bare; YAML 1.1 takes some for line ends and forbids others. */
const UNSAFE = /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g;
