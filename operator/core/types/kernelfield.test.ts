import { expect } from 'chai';
import { decode } from '../codec/decode.ts';
import { encode } from '../codec/encode.ts';
import { typeOf } from '../testing/layouts.ts';
import { isKernelOwned } from './kernelfield.ts';
import { fieldMask, kernelMask } from './padding.ts';
import { leavesOf } from './path.ts';
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
