import type { Mutant } from '../mutant.ts';

const KERNEL = ['dist/operator/kernel/libbpf/kernel.test.js'];
const CONTRACT = ['dist/operator/kernel/libbpf/libbpf.test.js'];
const ROOM = {
  file: 'operator/kernel/libbpf/memory/room.ts',
  specs: ['dist/operator/kernel/libbpf/memory/memory.test.js'],
};
const BUILD = 'operator/kernel/libbpf/wave/build.ts';
const SETTLE = 'operator/kernel/libbpf/wave/settle.ts';

/** Slips in how waves of inner maps are handed to C, and in what is done with its answers. */
export const wavesMutants: readonly Mutant[] = [
  {
    ...ROOM,
    name: 'what is being made counts only where it is charged already',
    from: ' - OWN_BYTES - this.#underway;',
    to: ' - OWN_BYTES;',
  },
  {
    ...ROOM,
    name: 'what is made by now is waited for',
    from: 'this.#hasEnded ? 0 : REFUSED_MS',
    to: 'REFUSED_MS',
  },
  {
    name: 'a wave that breaks leaves its inner maps open',
    file: BUILD,
    from: 'if (built instanceof OwnedMap) built.close();',
    to: 'if (built instanceof OwnedMap) return;',
    specs: KERNEL,
  },
  {
    name: 'a pause takes a place in the answers',
    file: BUILD,
    from: 'request === undefined ? undefined : wave.add(request)',
    to: 'wave.add(request!)',
    specs: CONTRACT,
  },
  {
    name: 'a chunk that is full loses the request that did not fit',
    file: BUILD,
    from: '      await Promise.race(this.#working);\n    }\n    this.#put(item);',
    to: '      await Promise.race(this.#working);\n    }\n    if (this.#working.size === 0) this.#put(item);',
    specs: ['dist/operator/kernel/libbpf/many.test.js'],
  },
  {
    name: 'the next settlings begin before the last ones are done',
    file: SETTLE,
    from: '    await working;\n    working = chunk',
    to: '    working = chunk',
    specs: CONTRACT,
  },
  {
    name: 'settled maps stay open',
    file: SETTLE,
    from: 'if (fd >= 0) fds.push(fd);',
    to: 'if (fd < 0) fds.push(fd);',
    specs: CONTRACT,
  },
  {
    name: 'a wave has any number of keys',
    file: 'operator/agent/apply/write.ts',
    from: 'if (keys > MOST_KEYS && at > 0) return at;',
    to: 'if (keys > MOST_KEYS && at < 0) return at;',
    specs: ['dist/operator/agent/apply/write.test.js'],
  },
  {
    name: 'an error of one of many ends before the others',
    file: 'operator/timing/allended.ts',
    from: '  await Promise.allSettled(tasks);\n',
    to: '',
    specs: ['dist/operator/timing/allended.test.js'],
  },
];
