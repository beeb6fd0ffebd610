import type { Mutant } from '../mutant.ts';

const LIBBPF = 'operator/kernel/libbpf';
const CONTRACT = `dist/${LIBBPF}/libbpf.test.js`;
const FALLBACK = `dist/${LIBBPF}/fallback.test.js`;
const LIBRARY = `dist/${LIBBPF}/library.test.js`;
const AGED = 'dist/e2e/ages/outermaps.test.js';

export const kernelMutants: readonly Mutant[] = [
  {
    name: 'accepts leaves the fd of its trial map open',
    file: `${LIBBPF}/outer/trial.ts`,
    from: '    library.close(fd);\n',
    to: '',
    specs: [CONTRACT],
  },
  {
    name: 'a small map is read with room for maxEntries, so that a full one is read twice',
    file: `${LIBBPF}/entries/read.ts`,
    from: 'space.count[0] = shape.maxEntries + 1;',
    to: 'space.count[0] = shape.maxEntries;',
    specs: [CONTRACT],
  },
  {
    name: 'EBUSY of a single put is not tried again',
    file: `${LIBBPF}/entries/keep.ts`,
    from: 'isPassing(answer) && tries < TRIES',
    to: 'isPassing(answer) && tries > TRIES',
    specs: [FALLBACK],
  },
  {
    name: 'watches are not armed again after an event of a directory that is wanted',
    file: `${LIBBPF}/bpffs/watch.ts`,
    from: '      if (!this.#ended) this.arm();\n',
    to: '',
    specs: [CONTRACT],
  },
  {
    name: 'a watch stays on a directory whose place another has taken',
    file: `${LIBBPF}/bpffs/watch.ts`,
    from: 'if (armed?.identity === identity) continue;',
    to: "if (armed?.identity === identity || (armed !== undefined && identity !== '')) continue;",
    specs: [CONTRACT],
  },
  {
    name: 'koffi has no place for the call that starts inside a callback',
    file: `${LIBBPF}/library.ts`,
    from: 'const KOFFI_PLACES = MOST_IN_FLIGHT + 1;',
    to: 'const KOFFI_PLACES = MOST_IN_FLIGHT;',
    specs: [LIBRARY],
  },
  {
    name: 'threads that come late pass for a wait',
    file: `${LIBBPF}/outer/waiting.ts`,
    from: 'return took >= LEAST_GRACE_PERIOD_MS && (before === undefined || sleeps() !== before);',
    to: "return took >= 0 && (before === undefined || before !== '');",
    specs: [AGED],
  },
  {
    name: 'a call that others hold up passes for one that waits',
    file: `${LIBBPF}/outer/waiting.ts`,
    from: '(before === undefined || sleeps() !== before)',
    to: '(before === undefined || sleeps() !== undefined)',
    specs: ['dist/operator/kernel/libbpf/outer/waiting.test.js'],
  },
  {
    name: 'a batch that waited for each entry corrects nothing',
    file: `${LIBBPF}/outer/ways.ts`,
    from: "if (await waits(refused)) this.updateBatch = 'perEntry';",
    to: "if (await waits(refused)) this.updateBatch = 'once';",
    specs: [AGED],
  },
  {
    name: 'a batch that came late counts as one that waits for each entry',
    file: `${LIBBPF}/outer/ways.ts`,
    from: 'if (await waits(refused)) this',
    to: 'if (await waits(refused).then(() => true)) this',
    specs: [FALLBACK],
  },
  {
    name: 'an ArrayOfMaps whose lookups wait is read by batch',
    file: `${LIBBPF}/outer/read.ts`,
    from: '    if (await lookupsWait(host, outer)) return',
    to: '    if (outer.spec.maxEntries < 0 && (await lookupsWait(host, outer))) return',
    specs: [AGED],
  },
  {
    name: 'a HashOfMaps without a batch is looked up on the event loop',
    file: `${LIBBPF}/outer/read.ts`,
    from: '} else if (!hasLookupBatch(host, outer) &&',
    to: '} else if (outer.spec.maxEntries < 0 && !hasLookupBatch(host, outer) &&',
    specs: [AGED],
  },
  {
    name: 'places without an inner map count as entries',
    file: `${LIBBPF}/outer/read.ts`,
    from: '    if (ids[index] === 0) return;\n',
    to: '',
    specs: [AGED],
  },
  {
    name: 'a HashOfMaps loses its keys one by one where update batches wait for each entry',
    file: `${LIBBPF}/outer/write.ts`,
    from: 'return ways.deletesByBatch && outer',
    to: "return ways.updateBatch === 'once' && ways.deletesByBatch && outer",
    specs: [AGED],
  },
  {
    name: 'refused updates that wait are not taken for a sign',
    file: `${LIBBPF}/probe/outermaps.ts`,
    from: "eachWaits ? 'perEntry' : 'once'",
    to: "eachWaits ? 'once' : 'once'",
    specs: [AGED],
  },
  {
    name: 'a seccomp profile is not named for EPERM',
    file: `${LIBBPF}/rights.ts`,
    from: '/^Seccomp:\\s*2$/m',
    to: '/^Seccomp_filters:\\s*2$/m',
    specs: [`dist/${LIBBPF}/rights.test.js`],
  },
  {
    name: 'the same part of an ArrayOfMaps is read at each resync',
    file: 'operator/agent/observe/outer.ts',
    from: '  known.nextPlace = from + count;\n',
    to: '',
    specs: ['dist/operator/agent/places.test.js'],
  },
  {
    name: 'what is gone from a part of an ArrayOfMaps counts as there',
    file: 'operator/ledger/reading.ts',
    from: '    entries.delete(hex(key));\n',
    to: '',
    specs: ['dist/operator/agent/places.test.js'],
  },
  {
    name: 'replacements never count as visible where batches wait once',
    file: `${LIBBPF}/probe/replaced.ts`,
    from: '    return isChanged();\n',
    to: '    return false;\n',
    specs: [`dist/${LIBBPF}/probe/replaced.test.js`],
  },
  {
    name: 'a map for networks that lacks CAP_NET_ADMIN advises to switch seccomp off',
    file: 'operator/kernel/libbpf/maps.ts',
    from: 'return denialText(spec.type);',
    to: 'return denialText(spec.flags < 0 ? spec.type : undefined);',
    specs: ['dist/operator/kernel/libbpf/missing.test.js'],
  },
  {
    name: 'ENOMEM counts though the allocator is about to fetch more',
    file: `${LIBBPF}/entries/refill.ts`,
    from: 'this.#waitMs > LONGEST_MS',
    to: 'this.#waitMs > 0',
    specs: [FALLBACK],
  },
  {
    name: 'memory that lacks is waited for at each entry',
    file: `${LIBBPF}/entries/refill.ts`,
    from: '|| this.#waitMs > LONGEST_MS) return false;',
    to: '|| this.#waitMs > LONGEST_MS) {\n      this.#waitMs = 1;\n      return false;\n    }',
    specs: [FALLBACK],
  },
];
