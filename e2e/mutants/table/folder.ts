import type { Mutant } from '../mutant.ts';

const ASSEMBLY = 'operator/source/folder/assembly.ts';
const BELIEF = 'operator/source/folder/disk/belief.ts';
const COLLECTOR = 'operator/source/folder/collector.ts';
const COMPOSE = 'operator/source/folder/yaml/compose.ts';
const POISON = ['dist/operator/source/folder/reader/poison.test.js'];
const BELIEVED = ['dist/operator/source/folder/disk/belief.test.js'];
const WRITING = ['dist/operator/source/folder/writing.test.js'];
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
    from: 'part.isWrong ||= part.inners.some(isMistake);',
    to: 'part.isWrong ||= part.inners.some(inner => isMistake(inner) && UNMOVED.length === 0);',
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
    from: 'places.misplaced.get(inner)?.why ?? (isMoved(inner) ? UNMOVED : undefined)',
    to: 'places.misplaced.get(inner)?.why ?? (isMoved(inner) && UNMOVED.length === 0 ? UNMOVED : undefined)',
    specs: MISTAKES,
  },
  {
    name: 'a typo in the API group makes our object somebody else’s',
    file: 'operator/source/folder/manifests.ts',
    from: 'nearest(group, [GROUP]) !== undefined || nearest(kind, KINDS) !== undefined',
    to: 'nearest(group, [GROUP]) !== undefined && group === GROUP && KINDS.includes(kind)',
    specs: MISTAKES,
  },
  {
    name: 'a file that is open for writing is believed',
    file: BELIEF,
    from: 'if (open === true) return {',
    to: 'if (open === true && path.length === 0) return {',
    specs: WRITING,
  },
  {
    name: 'nobody is told that a file stays open for writing',
    file: COLLECTOR,
    from: 'this.#told = told;\n    this.#outdate();',
    to: 'this.#told = told;',
    specs: WRITING,
  },
  {
    name: 'a file that was never read and is deleted leaves the set incomplete',
    file: COLLECTOR,
    from: 'if (this.#doubted.delete(path) || wasAwaited)',
    to: 'if (this.#doubted.delete(path) && wasAwaited)',
    specs: WRITING,
  },
  {
    name: 'any event ends the doubt about a file that was fresh at the start',
    file: COLLECTOR,
    from: '(!this.#isCollected || this.#doubted.has(path))',
    to: '!this.#isCollected',
    specs: WRITING,
  },
  {
    name: 'a file that takes something away is believed after a moment without a write',
    file: BELIEF,
    from: "takes === 'declared' ? this.#quietMs",
    to: "takes === 'declared' ? Math.min(SHORT_MS, this.#quietMs)",
    specs: BELIEVED,
  },
  {
    name: 'a file that changed while it was read is believed',
    file: BELIEF,
    from: 'if (!steady) return { waitMs: SOON_MS, doubtMs: this.#quietMs };',
    to: 'if (!steady && path.length === 0) return { waitMs: SOON_MS, doubtMs: this.#quietMs };',
    specs: BELIEVED,
  },
  {
    name: 'a file that was written between its reading and the question who writes is believed',
    file: BELIEF,
    from: 'signatureAt(path) === signature ? 0 : SOON_MS',
    to: 'signatureAt(path) === signature ? 0 : Math.min(0, SOON_MS)',
    specs: BELIEVED,
  },
  {
    name: 'a fresh file at the start counts as whole where nobody can be asked',
    file: BELIEF,
    from: 'open === false ? 0 :',
    to: 'open !== true ? 0 :',
    specs: WRITING,
  },
  {
    name: 'a jump of the wall clock makes a file quiet',
    file: BELIEF,
    from: 'known === undefined ? now - ageOf(modified) : now',
    to: 'now - ageOf(modified)',
    specs: BELIEVED,
  },
  {
    name: 'a deleted file is given up after a moment',
    file: 'operator/source/folder/disk/gone.ts',
    from: 'this.#quietMs - (now - this.#lastAt)',
    to: 'Math.min(150, this.#quietMs) - (now - this.#lastAt)',
    specs: ['dist/operator/source/folder/disk/gone.test.js'],
  },
  {
    name: 'a moved key takes nothing away',
    file: 'operator/source/folder/filestate.ts',
    from: 'if (!isWrong && !isSamePlace(before, now)) return true;',
    to: '',
    specs: ['dist/operator/source/folder/filestate.test.js'],
  },
  {
    name: 'a writer that comes while a lease is held ends the agent',
    file: 'operator/kernel/libbpf/fd/writers.ts',
    from: 'if (library.control(fd, SIGNAL, SIGURG) < 0) return undefined;',
    to: 'if (library.control(fd, SIGNAL, 0 * SIGURG) < 0) return undefined;',
    specs: ['dist/operator/kernel/libbpf/fd/writers.test.js'],
  },
  {
    name: 'a file on NFS without a delegation counts as open for writing',
    file: 'operator/kernel/libbpf/fd/writers.ts',
    from: 'if (!isAlone(statfsSync(path).type)) return undefined;',
    to: 'if (!isAlone(statfsSync(path).type) && path.length === 0) return undefined;',
    specs: ['dist/operator/kernel/libbpf/fd/writers.test.js'],
  },
  {
    name: 'the number of a file system is compared with its sign',
    file: 'operator/kernel/libbpf/fd/alone.ts',
    from: 'type >>> 0',
    to: 'type | 0',
    specs: ['dist/operator/kernel/libbpf/fd/writers.test.js'],
  },
  {
    name: 'a document is read whatever its depth',
    file: COMPOSE,
    from: 'if (parser.stack.length > 2 * MAX_DEPTH + 2)',
    to: 'if (parser.stack.length > 1e9 * MAX_DEPTH)',
    specs: POISON,
  },
  {
    name: 'a document is read however many tokens it has',
    file: COMPOSE,
    from: 'const MOST_TOKENS = 1_000_000;',
    to: 'const MOST_TOKENS = 1_000_000_000;',
    specs: POISON,
  },
  {
    name: 'all errors of a text are collected',
    file: COMPOSE,
    from: 'if (errors.length >= MOST_ERRORS) throw ENOUGH;',
    to: 'if (errors.length >= MOST_ERRORS * 1e9) throw ENOUGH;',
    specs: POISON,
  },
  {
    name: 'an alias stands for an anchor that comes after it',
    file: 'operator/source/folder/yaml/read.ts',
    from: 'if (!walk.targets.has(node)) walk.targets.set(node, walk.anchors.get(node.source));',
    to: 'walk.targets.set(node, walk.anchors.get(node.source));',
    specs: ['dist/operator/source/folder/yaml/read.test.js'],
  },
  {
    name: 'a name from outside forges a line of the log',
    file: 'operator/support/log.ts',
    from: 'printable(String(message))',
    to: 'String(message)',
    specs: ['dist/operator/support/log.test.js'],
  },
  {
    name: 'the log is coloured whatever NO_COLOR says',
    file: 'operator/support/log.ts',
    from: "(process.env['NO_COLOR'] ?? '') === ''",
    to: "(process.env['NO_COLOR'] ?? '') !== 'never'",
    specs: ['dist/operator/support/log.test.js'],
  },
];
