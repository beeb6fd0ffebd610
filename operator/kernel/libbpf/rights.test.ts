import { join } from 'node:path';
import { expect } from 'chai';
import type { Restrictions } from './rights.ts';
import { suspectsText } from './rights.ts';
import { inChild, onRealKernel, onScratch, run } from './scratch.test.ts';

const NOTHING: Restrictions = {
  status: 'Name:\tnode\nSeccomp:\t0\nSeccomp_filters:\t0\n',
  uidMap: '         0          0 4294967295\n',
  limits: 'Max locked memory         8388608              8388608              bytes\n',
  lockdown: '[none] integrity confidentiality\n',
  release: '6.1.0-50-cloud-amd64',
};

describe('suspectsText', () => {
  it('names each restriction that is there, and no other', () => {
    const suspects: readonly (readonly [Partial<Restrictions>, RegExp])[] = [
      [{ status: 'Seccomp:\t2\nSeccomp_filters:\t1\n' }, /: it has a seccomp profile, .* Unconfined$/],
      [{ lockdown: 'none integrity [confidentiality]\n' }, /: the kernel is locked down \(confidentiality\)/],
      [{ release: '5.10.0-30-amd64' }, /: .*RLIMIT_MEMLOCK before Linux 5\.11, here 8192 KiB: raise it$/],
      [{ uidMap: '0 100000 65536\n' }, /: it is in a user namespace/],
    ];
    for (const [changes, expected] of suspects) {
      expect(suspectsText({ ...NOTHING, ...changes }))
        .to.match(expected)
        .and.not.contain(';');
    }
    expect(suspectsText(Object.assign({}, NOTHING, ...suspects.map(([changes]) => changes)).valueOf()))
      .to.match(/user namespace.*; .*seccomp.*; .*locked down.*; .*RLIMIT_MEMLOCK/)
      .and.match(/^though this process has CAP_BPF: /);
  });

  it('names none that is not: memlock is unlimited, or maps are not charged to it any more', () => {
    const unlimited = 'Max locked memory         unlimited            unlimited            bytes\n';
    for (const changes of [{}, { release: '5.11.0' }, { release: '5.10.1', limits: unlimited }])
      expect(suspectsText({ ...NOTHING, ...changes })).to.match(
        /CAP_BPF: a security module \(SELinux, .*may deny it$/,
      );
    expect(suspectsText({ ...NOTHING, lockdown: '', uidMap: '' })).to.contain('a security module');
  });
});

onRealKernel('bpf() that is denied in spite of CAP_BPF', () => {
  const scratch = onScratch();
  before(function () {
    this.timeout(60_000);
    run('make', '-C', NATIVE);
  });
  const probe = () => `await openKernel({ bpffs: ${JSON.stringify(scratch().root)} }).probe()`;

  it('a user namespace is named', () => {
    const printed = inChild(probe(), ['unshare', '--user', '--map-root-user']);
    expect(printed).to.match(/^Cannot create a probe: EPERM, though .* CAP_BPF: it is in a user namespace/);
  });

  it('a seccomp profile is named, when a map is made and when a pin is opened', async () => {
    const map = scratch().open().createOuter(OUTER, INNER, 'libbpf_denied');
    scratch().open().pins.pin(map, scratch().path('outer'), 0o600);
    map.close();
    const denied = [DRIVER, 'deny-bpf', '--'];
    const named = /EPERM, though this process has CAP_BPF: it has a seccomp profile/;
    expect(inChild(probe(), denied)).to.match(named);
    const open = `openKernel({ bpffs: '${scratch().root}' }).open('${scratch().path('outer')}')`;
    expect(inChild(open, denied)).to.match(named);
  });
});

const INNER = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 16, flags: 0 } as const;
const OUTER = { ...INNER, type: 'HashOfMaps', valueSize: 4 } as const;
/** The sources lie above dist/operator/kernel/libbpf. */
const NATIVE = join(import.meta.dirname, '..', '..', '..', '..', 'native');
const DRIVER = join(NATIVE, 'build', 'driver');
