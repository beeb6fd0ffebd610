import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { NATIVE, run } from '../../native/stage.ts';
import { openKernel } from '../../operator/kernel/libbpf/kernel.ts';
import { useLoadedAgent } from '../agent/support/loadedagent.ts';
import { innerMap, outerMap, u32 } from '../agent/support/manifests.ts';
import { idsIn } from '../agent/support/witness.ts';
import { loadingWords } from './support/loading.ts';

const OBJECT = join(NATIVE, 'build', 'buckets.bpf.o');
/** What a pod has. */
const BPF_ALONE = { before: [join(NATIVE, 'build', 'driver'), 'drop-caps', 'bpf', '--'] };
const VERDICTS = ['aborted', 'drop', 'pass'] as const;

const BUCKET = {
  type: 'Hash',
  maxEntries: 16,
  key: 'u32',
  value: 'struct bucket { struct bpf_spin_lock lock; __u32 rate; __u64 taken; }',
  programOwned: ['taken'],
};
const LIMITS = { type: 'HashOfMaps', maxEntries: 8, inner: BUCKET };

interface Typed {
  readonly formatted: { readonly key: number; readonly value: Readonly<Record<string, unknown>> };
}

describe('token buckets of a program, whose values have a lock, by an agent with CAP_BPF alone', function () {
  this.timeout(60_000);
  const fixture = useLoadedAgent();
  beforeEach(async function () {
    const kernel = openKernel({ bpffs: fixture().bpffs });
    const { features } = await kernel.probe();
    kernel.close();
    if (features['innerLock'] === true) return;
    console.log('      skipped: this kernel is without locks in inner maps (6.2)');
    this.skip();
  });
  const limit = (key: number, rate: number, spec: object = {}) =>
    fixture().write(
      `${key}.yaml`,
      innerMap(`a/tenant-${key}`, { outerMap: 'limits', key }, { 1: { rate } }, spec),
    );
  const pin = () => fixture().pin('maps/limits');

  /** The loader brings its outer map, with an inner map of its own at key 7. */
  function adopted(): void {
    run(...loadingWords(fixture().bpffs, OBJECT, { programs: 'programs', maps: 'maps' }));
    fixture().write('limits.yaml', outerMap('limits', { ...LIMITS, provision: 'Adopt', pin: 'maps/limits' }));
  }

  /** The agent brings it, and the loader takes the one that is pinned. */
  async function created(): Promise<void> {
    fixture().write('limits.yaml', outerMap('limits', { ...LIMITS, pin: 'maps/limits' }));
    limit(1, 2);
    await fixture().started(BPF_ALONE);
    const words = ['map', 'name', 'limits', 'pinned', pin()];
    run('bpftool', 'prog', 'loadall', OBJECT, fixture().pin('programs'), ...words);
  }

  /** What becomes of so many packets of a tenant. */
  function verdicts(tenant: number, packets: number): readonly string[] {
    const packet = join(fixture().directory, 'packet');
    writeFileSync(packet, Buffer.from(u32(tenant) + '00'.repeat(60), 'hex'));
    const words = ['prog', 'run', 'pinned', fixture().pin('programs/take_token'), 'data_in', packet];
    return Array.from({ length: packets }, () => {
      const { retval } = JSON.parse(run('bpftool', '-j', ...words)) as { retval: number };
      return VERDICTS[retval]!;
    });
  }

  /** The entry 1 of a tenant as bpftool decodes it by the types that the inner map carries. */
  function seen(tenant: number): Readonly<Record<string, unknown>> {
    const id = idsIn(pin()).get(u32(tenant));
    const [entry] = JSON.parse(run('bpftool', '-j', 'map', 'dump', 'id', String(id))) as Typed[];
    expect(entry?.formatted.key).to.equal(1);
    const { rate, taken } = entry!.formatted.value;
    return { rate, taken };
  }

  for (const [provision, bring] of [
    ['Adopt', async () => adopted()],
    ['Create', created],
  ] as const) {
    it(`${provision}: are made with their lock, edited under the program, and taken away`, async () => {
      await bring();
      limit(1, 2);
      if (provision === 'Adopt') await fixture().started(BPF_ALONE);
      expect(verdicts(1, 3)).to.deep.equal(['pass', 'pass', 'drop']);
      expect(seen(1)).to.deep.equal({ rate: 2, taken: 2 });
      const before = idsIn(pin()).get(u32(1));
      limit(1, 5);
      await fixture().reported(() => seen(1)['rate'] === 5);
      expect(seen(1), 'what the program counts').to.deep.equal({ rate: 5, taken: 2 });
      expect(idsIn(pin()).get(u32(1)), 'in place').to.equal(before);
      expect(verdicts(1, 4)).to.deep.equal(['pass', 'pass', 'pass', 'drop']);
      fixture().erase('1.yaml');
      await fixture().reported(() => !idsIn(pin()).has(u32(1)));
      expect(verdicts(1, 1)).to.deep.equal(['aborted']);
    });
  }

  it('one that its loader made and that is as declared is found so, through the outer map, and kept', async () => {
    adopted();
    const value = `${u32(0)}${u32(4)}${u32(9)}${u32(0)}`.match(/../g)!;
    const entry = ['key', 'hex', ...u32(1).match(/../g)!, 'value', 'hex', ...value];
    run('bpftool', 'map', 'update', 'pinned', fixture().pin('maps/of_loader'), ...entry);
    const before = idsIn(pin()).get(u32(7));
    limit(7, 4);
    await fixture().started(BPF_ALONE);
    expect(idsIn(pin()).get(u32(7))).to.equal(before);
    expect(seen(7)).to.deep.equal({ rate: 4, taken: 9 });
  });

  it('neither get nor export show the lock', async () => {
    adopted();
    limit(1, 2);
    await fixture().started(BPF_ALONE);
    const got = fixture().here('get', 'limits', '1', '-o', 'json').out;
    expect(got).to.include('rate').and.not.include('lock');
    const exported = fixture().here('export', pin()).out;
    expect(exported).to.include('struct bpf_spin_lock lock');
    expect(exported.slice(exported.indexOf('kind: InnerMap'))).to.not.include('lock');
  });

  it('where the template has no such lock, the message names it', async () => {
    adopted();
    const value = 'struct bucket { __u32 rate; struct bpf_spin_lock lock; __u64 taken; }';
    const inner = { ...BUCKET, value };
    fixture().write(
      'limits.yaml',
      outerMap('limits', { ...LIMITS, inner, provision: 'Adopt', pin: 'maps/limits' }),
    );
    limit(1, 2);
    fixture().start();
    const { innerMaps } = await fixture().reported(
      ({ innerMaps: [first] }) => first?.reason === 'LayoutMismatch',
    );
    expect(innerMaps[0]!.message).to.include(
      'EINVAL, the value has a bpf_spin_lock, which the template does not have',
    );
  });
});
