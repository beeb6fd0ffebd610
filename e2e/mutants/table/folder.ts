import type { Mutant } from '../mutant.js';

const ASSEMBLY = 'operator/source/folder/assembly.ts';
const MISTAKES = ['dist/operator/source/folder/mistakes.test.js'];

/** What a folder declares, and when it is believed. */
export const folderMutants: readonly Mutant[] = [
  {
    name: 'a lack of rights of the folder ends the process from the watch’s callback',
    file: 'operator/source/folder/disk/scan.ts',
    from: "return (error as { code?: string }).code !== 'ENOENT';",
    to: "if ((error as { code?: string }).code === 'ENOENT') return false;\n    throw error;",
    specs: ['dist/operator/source/folder/rights.test.js'],
  },
  {
    name: 'an InnerMap that can have no key leaves its file whole',
    file: ASSEMBLY,
    from: 'part.isWrong ||= part.inners.some(inner => places.misplaced.has(inner));',
    to: '',
    specs: MISTAKES,
  },
  {
    name: 'a file with a mistake that was never whole is no reason to remove nothing',
    file: ASSEMBLY,
    from: 'isWrong && !before.wasWhole',
    to: 'isWrong && before.wasWhole',
    specs: MISTAKES,
  },
  {
    name: 'what an OuterMap does not allow any more stays as if it were a mistake',
    file: ASSEMBLY,
    from: "if ('outerMap' in item || !places.hasRoom(item)) continue;",
    to: "if ('outerMap' in item || places.misplaced.has(item)) continue;",
    specs: MISTAKES,
  },
  {
    name: 'a key moves while something else in its file is wrong',
    file: ASSEMBLY,
    from: 'places.misplaced.get(inner) ?? (isMoved ? UNMOVED : undefined)',
    to: 'places.misplaced.get(inner) ?? (isMoved && UNMOVED.length === 0 ? UNMOVED : undefined)',
    specs: MISTAKES,
  },
  {
    name: 'a typo in the API group makes our object somebody else’s',
    file: 'operator/source/folder/manifests.ts',
    from: 'nearest(group, [GROUP]) !== undefined || nearest(kind, KINDS) !== undefined',
    to: 'nearest(group, [GROUP]) !== undefined && group === GROUP && KINDS.includes(kind)',
    specs: MISTAKES,
  },
];
