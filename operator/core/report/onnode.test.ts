import { expect } from 'chai';
import { asOnNode } from './onnode.ts';

const IN_POD = { root: '/bpffs', onNode: '/sys/fs/bpf' };

describe('asOnNode', () => {
  it('names each path as the node has it', () => {
    const told = asOnNode(IN_POD, 'Cannot rename /bpffs/a to /bpffs/b: ENOENT, see "/bpffs" and /bpffs.');
    expect(told).to.equal(
      'Cannot rename /sys/fs/bpf/a to /sys/fs/bpf/b: ENOENT, see "/sys/fs/bpf" and /sys/fs/bpf.',
    );
  });

  it('leaves what only looks like it', () => {
    for (const text of ['/srv/bpffs/a', 'libbpf/bpffs/pins.js', '/bpffs-old/a', '/bpffs2', 'bpffs=1', ''])
      expect(asOnNode(IN_POD, text)).to.equal(text);
    expect(asOnNode(IN_POD, '/bpffs/bpffs/a')).to.equal('/sys/fs/bpf/bpffs/a');
  });

  it('changes nothing where both are one', () => {
    const same = { root: '/sys/fs/bpf', onNode: '/sys/fs/bpf' };
    expect(asOnNode(same, '/sys/fs/bpf/a')).to.equal('/sys/fs/bpf/a');
  });
});
