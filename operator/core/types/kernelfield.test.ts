import { expect } from 'chai';
import { decode } from '../codec/decode.ts';
import { encode } from '../codec/encode.ts';
import { typeOf } from '../testing/layouts.ts';
import { leavesOf } from '../testing/leaves.ts';
import { parseDeclaration } from './declaration.ts';
import { isKernelOwned } from './kernelfield.ts';
import { fieldMask, kernelMask } from './padding.ts';
import { typeText } from './show.ts';

const BUCKET = 'struct { struct bpf_spin_lock lock; __u32 rate; struct bpf_timer timers[2]; __u8 on_; }';

describe('fields of the kernel', () => {
  it('are read by their names, and pasted definitions of them as well', () => {
    for (const text of [
      'struct bpf_spin_lock lock',
      'struct bpf_spin_lock { __u32 val; }; struct a { struct bpf_spin_lock l; }',
    ])
      expect(typeOf(text)).to.have.property('size', 4);
    const pointers = typeOf(
      'struct { struct task_struct __kptr *task; struct node __kptr_untrusted *node; }',
    );
    expect(pointers).to.have.property('size', 16);
    expect(typeText(pointers)).to.equal(
      'struct { struct task_struct __kptr * task; struct node __kptr_untrusted * node; }',
    );
    expect(isKernelOwned(typeOf('struct bpf_timer[3]'))).to.equal(true);
  });

  it('are pointers of one name each, whose tag is a word of ours', () => {
    const line = '#define __kptr __attribute__((btf_type_tag("kptr")))\n';
    for (const head of [line, `#ifndef __kptr\n${line}#endif\n`])
      expect(isKernelOwned(typeOf(`${head}struct task_struct __kptr *task`))).to.equal(true);
    expect(isKernelOwned(typeOf('#define __kptr\nstruct task_struct __kptr *task'))).to.equal(false);
    const refusals = {
      'struct { struct a __kptr *c, *d; }': '27: C gives the tag of this pointer to the next name too',
      'struct { struct a { u8 b; }; struct a __kptr *c, d; }': '47: C gives the tag of this pointer',
      'struct { struct a __attribute__((btf_type_tag("kptr"))) *c; }': `46: btf_type_tag("kptr") makes a pointer the kernel's: write struct name __kptr *field`,
      '#define own __attribute__((btf_type_tag("percpu_kptr")))\nstruct { struct a own *c; }': `75: btf_type_tag("percpu_kptr") makes a pointer the kernel's: write struct name __percpu_kptr *field`,
    };
    for (const [text, message] of Object.entries(refusals)) {
      const declaration = parseDeclaration(text);
      const found = declaration.ok ? 'taken' : `${declaration.offset}: ${declaration.message}`;
      expect(found.slice(0, message.length), text).to.equal(message);
    }
  });

  it('are no leaves, are masked, and are not shown', () => {
    const type = typeOf(BUCKET);
    expect([...leavesOf(type)].map(({ path }) => path.join('.'))).to.deep.equal(['rate', 'on_']);
    const counted = [...fieldMask(type)!.entries()].flatMap(([at, byte]) => (byte === 0 ? [] : [at]));
    expect(counted).to.deep.equal([4, 5, 6, 7, 40]);
    expect(kernelMask(type)!.filter(byte => byte === 0)).to.have.length(4 + 32);
    expect(decode(type, new Uint8Array(48).fill(7), 0)).to.deep.equal({ rate: 0x07070707, on_: 7 });
  });

  it('take no value, and none of a whole in hex', () => {
    const type = typeOf(BUCKET);
    const bytes = new Uint8Array(48);
    for (const value of [{ lock: 1 }, 'lock=1', { timers: [0] }, 'timers[1]=0'])
      expect(() => encode(type, value, bytes, 0), JSON.stringify(value)).to.throw("is the kernel's");
    encode(type, `raw:${'ff'.repeat(48)}`, bytes, 0);
    const mask = kernelMask(type)!;
    expect(bytes).to.deep.equal(mask);
  });
});
