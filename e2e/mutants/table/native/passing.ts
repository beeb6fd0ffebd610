import type { Mutant } from '../../mutant.ts';

const PASSING = ['dist/operator/kernel/libbpf/passing.test.js'];
const CONTRACT = ['dist/operator/kernel/libbpf/libbpf.test.js'];
const BUILT = ['dist/operator/kernel/libbpf/wave/build.test.js'];
const KERNEL = ['dist/operator/kernel/libbpf/kernel.test.js'];
const BUILD = 'operator/kernel/libbpf/wave/build.ts';

/** What is refused for a moment, what is waited for, and what is taken back. */
export const passingMutants: readonly Mutant[] = [
  {
    name: 'a lock that was waited for in vain ends a filling',
    file: 'native/bulk/bpf.h',
    from: '\tcase -ETIMEDOUT:\n',
    to: '',
    specs: PASSING,
  },
  {
    name: 'a lock that was waited for in vain ends an edit',
    file: 'operator/kernel/libbpf/entries/write.ts',
    from: "'EINTR', 'ETIMEDOUT', 'EDEADLK'",
    to: "'EINTR', 'EDEADLK'",
    specs: PASSING,
  },
  {
    name: 'a bucket that is locked ends a reading',
    file: 'operator/kernel/libbpf/entries/read.ts',
    from: 'refused > 0 && refused < TRIES',
    to: 'refused > TRIES && refused < TRIES',
    specs: PASSING,
  },
  {
    name: 'a bucket that is locked ends a verification',
    file: 'native/bulk/compare/scan.c',
    from: 'return ++scan->refused < TRIES;',
    to: 'return ++scan->refused < 1;',
    specs: PASSING,
  },
  {
    name: 'a batch of an outer map leaves out what was refused for a moment',
    file: 'operator/kernel/libbpf/outer/write.ts',
    from: 'if (isPassing(answer)) {',
    to: 'if (isPassing(answer) && done < 0) {',
    specs: PASSING,
  },
  {
    name: 'each map of a call waits for memory by itself',
    file: 'native/bulk/wave/fill.c',
    from: ' || patience->left < course->wait * WRITTEN_A_WAIT)',
    to: ')',
    specs: PASSING,
  },
  {
    name: 'each edit waits for memory by itself',
    file: 'operator/kernel/libbpf/entries/refill.ts',
    from: '    if (this.#leftMs < milliseconds) return false;\n',
    to: '',
    specs: ['dist/operator/kernel/libbpf/entries/refill.test.js'],
  },
  {
    name: 'a lack of memory at the probe takes walks away',
    file: 'operator/kernel/libbpf/walk/expected.ts',
    from: 'return answer < 0 ? !REFUSED.has(answer) : same[0] === 1;',
    to: 'return answer === 0 && same[0] === 1;',
    specs: PASSING,
  },
  {
    name: 'a walk believes the sizes that it is given',
    file: 'native/bulk/program/digest.c',
    from: 'error = walk_check_sizes(walk, outer_fd, layout->key_size, layout->value_size);',
    to: 'error = 0;',
    specs: CONTRACT,
  },
  {
    name: 'an entry that a program deleted comes back with the bytes that it had',
    file: 'native/bulk/program/edit.c',
    from: 'return answer == -ENOENT ? TO_DO : answer;\n}\n\n/* How many',
    to: 'return answer;\n}\n\n/* How many',
    specs: ['dist/operator/kernel/libbpf/entries/keepfaults.test.js'],
  },
  {
    name: 'what a call that broke should have made counts for ever',
    file: BUILD,
    from: '    } finally {\n      this.#host.room.end(bytesOf(chunk));\n    }\n',
    to: '    } catch (error) {\n      throw error;\n    }\n    this.#host.room.end(bytesOf(chunk));\n',
    specs: BUILT,
  },
  {
    name: 'a call that breaks while nobody waits leaves holes among the results',
    file: BUILD,
    from: '    this.#closeTypes();\n    this.#rethrow();\n  }',
    to: '    this.#closeTypes();\n  }',
    specs: BUILT,
  },
  {
    name: 'what was built before requests broke stays pinned',
    file: BUILD,
    from: 'if (result instanceof OwnedMap) this.#pins.add(item.request.pins);',
    to: '',
    specs: CONTRACT,
  },
  {
    name: 'a program writes into an entry of an LRU map, which may be another key’s by then',
    file: 'operator/kernel/libbpf/entries/keep.ts',
    from: "new Set(['Hash', 'Array'] as const)",
    to: "new Set(['Hash', 'LRUHash', 'Array'] as const)",
    specs: ['dist/operator/kernel/libbpf/entries/keep.test.js'],
  },
  {
    name: 'a hash of any size is walked through its outer map',
    file: 'operator/kernel/libbpf/walk/through.ts',
    from: "type === 'Array' || maxEntries <= MOST_WALKED",
    to: "type === 'Array' || maxEntries <= 2 * MOST_WALKED",
    specs: ['dist/operator/kernel/libbpf/walk/through.test.js'],
  },
  {
    name: 'what has no room is walked in vain',
    file: 'native/bulk/program/copy.c',
    from: '\t\t\tput_off(walk, at, counts);\n\t\t\tbreak;\n',
    to: '\t\t\tput_off(walk, at, counts);\n\t\t\tcontinue;\n',
    specs: ['dist/operator/kernel/libbpf/walk/through.test.js'],
  },
  {
    name: 'a settle that breaks leaves its maps open',
    file: 'operator/kernel/libbpf/wave/settle.ts',
    from: '    for (const map of closing) map.close();\n',
    to: '',
    specs: KERNEL,
  },
  {
    name: 'an edit that is refused as a whole counts as written',
    file: 'operator/kernel/libbpf/entries/keep.ts',
    from: 'if (whole < 0 && answers.every(answer => answer === 0)) answers.fill(whole);',
    to: 'if (whole > 0 && answers.every(answer => answer === 0)) answers.fill(whole);',
    specs: KERNEL,
  },
  {
    name: 'room in the table of files ends a wave where no file is left',
    file: 'operator/kernel/libbpf/fd/table.ts',
    from: '  } catch {\n    return undefined;\n  }',
    to: '  } catch (error) {\n    throw error;\n  }',
    specs: KERNEL,
  },
  {
    name: 'a digest that another layout made is taken for one’s own',
    file: 'operator/kernel/libbpf/walk/digests.ts',
    from: 'if (made?.by !== by) return undefined;',
    to: 'if (made === undefined) return undefined;',
    specs: ['dist/operator/kernel/libbpf/walk/digests.test.js'],
  },
];
