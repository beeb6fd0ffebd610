import type { Mutant } from '../../mutant.ts';

const CONTRACT = ['dist/operator/kernel/libbpf/libbpf.test.js'];
const TURN = ['dist/operator/agent/types.test.js'];
const TYPING = 'operator/agent/apply/types.ts';
const BTF = ['dist/operator/core/btf/maptypes.test.js', 'dist/operator/kernel/libbpf/types.test.js'];
const FIELDS = 'operator/core/layout/kernelfields.ts';

/** Slips in what types inner maps carry, and in the fields of the kernel in values. */
export const typesMutants: readonly Mutant[] = [
  {
    name: 'what is refused with types is not tried without',
    file: TYPING,
    from: 'const isAgain = !outcome.ok && this.#isTyped;',
    to: 'const isAgain = false;',
    specs: TURN,
  },
  {
    name: 'what was tried is not remembered',
    file: TYPING,
    from: 'if (outcome.ok) known.set(name, { of: outer.id, typed: this.#isTyped });',
    to: 'if (outcome.ok) known.delete(String(outer.id) + name);',
    specs: TURN,
  },
  {
    name: 'a value with a lock is made without its types',
    file: 'operator/kernel/error.ts',
    from: 'kernelFields.length === 0',
    to: 'kernelFields.length >= 0',
    specs: TURN,
  },
  {
    name: 'a message about a lock says that the layout is another',
    file: TYPING,
    from: "if (error.errno !== 'EINVAL' || fields === '') return error;",
    to: 'return error;',
    specs: TURN,
  },
  {
    name: 'a plan leaves its types open',
    file: TYPING,
    from: 'types?.close();',
    to: 'types?.of;',
    specs: TURN,
  },
  {
    name: 'the sign of an enum is told to kernels that refuse it',
    file: 'operator/core/btf/typeids.ts',
    from: 'signed: signed && !isOld',
    to: 'signed',
    specs: BTF,
  },
  {
    name: 'the key of an array is what is declared',
    file: 'operator/core/btf/maptypes.ts',
    from: 'isArray(type) ? ids.index',
    to: 'isArray(type) ? ids.idOf(key)',
    specs: BTF,
  },
  {
    name: 'a lock is taken where the kernel does not find it',
    file: FIELDS,
    from: 'offset % type.alignment !== 0',
    to: 'offset % 2 !== 0',
    specs: ['dist/operator/core/layout/kernelfields.test.js'],
  },
  {
    name: 'a digest loads the lock that does not count',
    file: 'native/bulk/program/sip.c',
    from: 'pieces[piece].bytes > 1 &&',
    to: 'pieces[piece].bytes > 8 &&',
    specs: CONTRACT,
  },
  {
    name: 'an edit under a lock writes another entry',
    file: 'native/bulk/program/edit.c',
    from: '== -EINVAL ? BPF_ANY : BPF_F_LOCK',
    to: '== -EINVAL ? BPF_ANY : BPF_ANY',
    specs: ['dist/operator/kernel/libbpf/types.test.js'],
  },
];
