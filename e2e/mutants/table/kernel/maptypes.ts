import type { Mutant } from '../../mutant.ts';

const TYPES = 'operator/api/maps/types.ts';
const CONTRACT = ['dist/operator/kernel/libbpf/libbpf.test.js'];
const TABLE = ['dist/e2e/maptypes.test.js'];

export const mapTypeMutants: readonly Mutant[] = [
  {
    name: 'a DevMap is thought to have no flags but those that it was made with',
    file: TYPES,
    from: "added: ['ReadOnlyProg'], capability",
    to: 'added: [], capability',
    specs: CONTRACT,
  },
  {
    name: 'a StackTrace takes no build ids',
    file: TYPES,
    from: "flags: ['NumaNode', 'StackBuildId'],",
    to: "flags: ['NumaNode'],",
    specs: CONTRACT,
  },
  {
    name: 'a storage has a bound of its own',
    file: TYPES,
    from: "  size: 'nothing',\n",
    to: '',
    specs: TABLE,
  },
  {
    name: 'an exported DevMap has the flag that the kernel refuses',
    file: 'operator/cli/export/manifests.ts',
    from: 'spec.flags & ~addedFlags(spec.type)',
    to: 'spec.flags',
    specs: ['dist/e2e/program/export.test.js'],
  },
  {
    name: 'an Array’s key is no int',
    file: 'operator/core/layout/inner.ts',
    from: "return type.kind === 'integer' && type.size === 4 && type.byteOrder === 'host';\n}\n\n/** At least",
    to: 'return isU32(type);\n}\n\n/** At least',
    specs: ['dist/operator/core/layout/inner.test.js'],
  },
  {
    name: 'an OuterMap with errors is said to be missing',
    file: 'operator/source/folder/assembly.ts',
    from: '    ...faultyOf(parts, outerMaps),\n',
    to: '',
    specs: ['dist/operator/source/folder/mistakes.test.js'],
  },
];
