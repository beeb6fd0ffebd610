import type { Mutant } from '../../mutant.ts';

const READING = 'operator/core/btf/reading';
const TYPE = { file: `${READING}/type.ts`, specs: [`dist/${READING}/type.test.js`] };
const READ = { file: `${READING}/read.ts`, specs: [`dist/${READING}/read.test.js`] };
const EXPORT = ['dist/operator/cli/export/types.test.js'];

/** Slips in what is read from BTF: a type that is not the program's, or a file that ends the command. */
export const btfMutants: readonly Mutant[] = [
  {
    ...READ,
    name: 'a type that ends behind the end of BTF is read',
    from: 'if (at > end) return',
    to: 'if (at > end + 64) return',
  },
  {
    ...READ,
    name: 'BTF of a big-endian machine is read',
    from: 'if (view.getUint16(0, false) === BTF_MAGIC)',
    to: 'if (view.byteLength < 0)',
  },
  {
    name: 'an object file of a big-endian machine is read',
    file: `${READING}/elf.ts`,
    from: 'if (file[ORDER] === BIG_ENDIAN)',
    to: 'if (file.length < 0)',
    specs: READ.specs,
  },
  {
    ...TYPE,
    name: 'a type without an end has as many parts as memory has room for',
    from: 'if (reading.parts > MOST_PARTS)',
    to: 'if (reading.parts > 1_000_000 * MOST_PARTS)',
  },
  {
    ...TYPE,
    name: 'what BTF declares is not read back',
    from: 'if (typeText(read.type) !== text || read.type.size !== type.size)',
    to: 'if (read.type.size !== type.size)',
  },
  {
    ...TYPE,
    name: 'a pointer that the kernel keeps is a number',
    from: 'return to === undefined ? POINTER',
    to: "return to?.name !== '' ? POINTER",
  },
  {
    name: 'a packed struct is not tried',
    file: `${READING}/placed.ts`,
    from: 'for (const packed of [false, true])',
    to: 'for (const packed of [false])',
    specs: TYPE.specs,
  },
  {
    name: 'a value that no declaration says is exported with the kernel’s addresses in it',
    file: 'operator/cli/types/declaration.ts',
    from: 'if (kept !== undefined)',
    to: "if (kept === '')",
    specs: EXPORT,
  },
  {
    name: 'a type that is given shows the kernel’s addresses',
    file: 'operator/cli/export/foundtypes.ts',
    from: 'if (given.innerValue !== undefined) refuseHidden',
    to: "if (given.innerValue === '') refuseHidden",
    specs: EXPORT,
  },
  {
    name: 'what a program left in padding is a loss',
    file: 'operator/cli/export/content.ts',
    from: '...(mask === undefined ? {} : { mask }),',
    to: '...(mask === undefined || mask.length > 0 ? {} : { mask }),',
    specs: EXPORT,
  },
  {
    name: 'a type that is given need not have every byte',
    file: 'operator/cli/export/written.ts',
    from: 'declarations.everyByte ? everyByteOf(layout) : layout',
    to: 'declarations.everyByte ? layout : layout',
    specs: EXPORT,
  },
  {
    name: 'the programs of another map are asked first',
    file: 'operator/cli/types/definition.ts',
    from: 'return named ?? (outers.length === 1 ? outers[0] : undefined);',
    to: 'return outers[0] ?? named;',
    specs: EXPORT,
  },
];
