import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { NATIVE, run } from '../../native/stage.ts';
import { PROGRAMS, useLoadedAgent } from '../agent/support/loadedagent.ts';
import { INNERMAP, ran } from '../agent/support/process.ts';
import { idsIn } from '../agent/support/witness.ts';
import { loadingWords } from './support/loading.ts';

const WITHOUT = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin'];

const built = (name: string) => join(NATIVE, 'build', `${name}.bpf.o`);
const OBJECT = built('policies');

/** As native/policies.bpf.c has it. */
const VALUE = `struct policy {
  enum verdict { PASS = 1, DROP = 2 } verdict;
  struct {
    __u32 per_second;
    __u64 burst;
  } limit;
  u8 via[6];
  char owner[10];
  __u64 packets;
  __u8 seen;
  union {
    ipv4 v4;
    ipv6 v6;
  } peer;
  __u32 log:1;
  __u32 level:3;
}
`;

interface Exported {
  readonly spec: {
    readonly key: string;
    readonly inner: { readonly key: string; readonly value: string };
    readonly entries?: readonly { readonly key: object; readonly value: object }[];
  };
}

describe('types of a program that others wrote', function () {
  this.timeout(60_000);
  const fixture = useLoadedAgent();
  const maps = () => fixture().pin('maps');

  beforeEach(() => {
    mkdirSync(maps());
    run(...loadingWords(fixture().bpffs, OBJECT, { programs: PROGRAMS, maps: 'maps' }));
    const value = [
      ...['02000000', 'ffffffff', '0a000000', 'ffffffff', '0500000000000000'],
      ...[
        '020000000001',
        '7765620000000000',
        '0000',
        '0700000000000000',
        '01ffffff',
        '0a010203',
        '00'.repeat(12),
        'fbffffff',
      ],
    ];
    const bytes = value.join('').match(/../g)!;
    run(
      'bpftool',
      'map',
      'update',
      'pinned',
      join(maps(), 'of_web'),
      'key',
      'hex',
      '01',
      'bb',
      '06',
      '00',
      'value',
      'hex',
      ...bytes,
    );
  });

  it('are what inner maps were made with: entries are decoded as bpftool decodes them', () => {
    const [outer, inner] = exported();
    expect(outer!.spec).to.deep.include({ key: 'ipv4' });
    expect(outer!.spec.inner.key).to.equal('struct policy_key { __be16 port; __u8 proto; }');
    expect(outer!.spec.inner.value).to.equal(VALUE);
    const seen = run('bpftool', '--json', 'map', 'dump', 'pinned', join(maps(), 'of_web'));
    const [{ formatted }] = JSON.parse(seen) as [{ formatted: { value: object } }];
    const {
      via: viaSeen,
      peer: _,
      ...ofBpftool
    } = formatted.value as { via: readonly number[]; peer: object };
    const { via, peer, ...ours } = inner!.spec.entries![0]!.value as { via: string; peer: object };
    expect(peer, 'by the largest member').to.deep.equal({ v6: 'a01:203::' });
    expect(ours).to.deep.equal({ ...ofBpftool, log: 1, level: 5 });
    expect(ofBpftool, 'bits').to.include({ log: '0x1', level: '0x5' });
    expect(via).to.equal(Buffer.from(viaSeen).toString('hex'));
  });

  it('exported, validated and applied again are an empty plan, and every inner map stays', () => {
    const before = [...idsIn(join(maps(), 'policies'))];
    const { out } = fixture().here('export', 'maps/policies');
    fixture().writeText('policies.yaml', out);
    expect(fixture().innermap('validate', fixture().manifests)).to.include({ code: 0, error: '' });
    expect(fixture().once().code).to.equal(0);
    const plan = fixture().here('plan', fixture().manifests);
    expect(plan).to.include({ code: 0, error: '', out: 'Nothing to do: the kernel is as declared\n' });
    expect([...idsIn(join(maps(), 'policies'))]).to.deep.equal(before);
  });

  it('of an empty outer map are those of the program that uses it, or of its object file', () => {
    for (const key of ['00', '01'])
      run(
        'bpftool',
        'map',
        'delete',
        'pinned',
        join(maps(), 'policies'),
        'key',
        'hex',
        key,
        '00',
        '00',
        '00',
      );
    for (const words of [[], ['--types-from', OBJECT]]) {
      const [outer, ...inners] = exported(...words);
      expect(inners).to.deep.equal([]);
      expect(outer!.spec).to.deep.include({ key: 'ipv4' });
      expect(outer!.spec.inner.value).to.equal(VALUE);
    }
  });

  it('need CAP_SYS_ADMIN, and the object file does not', () => {
    const asAgent = (...words: readonly string[]) =>
      ran([
        ...WITHOUT,
        process.execPath,
        INNERMAP,
        'export',
        'maps/policies',
        '--bpffs',
        fixture().bpffs,
        ...words,
      ]);
    expect(asAgent().error)
      .to.contain('are chosen by size:')
      .and.contain('EPERM, ids need CAP_SYS_ADMIN; run as root');
    expect(asAgent('--types-from', OBJECT).out).to.contain('struct policy {');
  });

  it('without a lock and a list, which are the kernel’s: its addresses are not exported', function () {
    for (const [object, outer, declared] of [
      ['buckets', 'limits', 'struct bpf_spin_lock lock;'],
      ['jobs', 'queues', 'struct bpf_list_head head;'],
    ] as const) {
      const pins = fixture().pin(object);
      const directories = { programs: `${PROGRAMS}${object}`, maps: object };
      const loaded = ran([...loadingWords(fixture().bpffs, built(object), directories)]);
      // Lists: Linux 6.6, before which their nodes have another size
      if (loaded.code !== 0 && object === 'jobs') return this.skip();
      expect(loaded.code, loaded.error).to.equal(0);
      const inner = join(pins, object === 'jobs' ? 'of_web' : 'of_loader');
      const { bytes_value: size } = JSON.parse(run('bpftool', '--json', 'map', 'show', 'pinned', inner)) as {
        readonly bytes_value: number;
      };
      const value = [...new Array<string>(size - 8).fill('00'), ...'0500000000000000'.match(/../g)!];
      run('bpftool', 'map', 'update', 'pinned', inner, 'key', ...'1000', 'value', 'hex', ...value);
      const { out } = fixture().here('export', `${object}/${outer}`);
      expect(out).to.contain(declared);
      expect(out).to.contain(object === 'jobs' ? 'most: 5' : 'taken: 5');
      expect(out).not.to.match(/^ +(lock|head):/m);
      fixture().writeText(`${object}.yaml`, out);
      expect(fixture().once().code).to.equal(0);
      expect(fixture().here('plan', fixture().manifests).out).to.equal(
        'Nothing to do: the kernel is as declared\n',
      );
    }
  });

  function exported(...words: readonly string[]): readonly Exported[] {
    const { code, out, error } = fixture().here('export', 'maps/policies', ...words);
    expect(code, error).to.equal(0);
    expect(error).to.match(/^Exported 1 outer map, \d inner maps?\n$/);
    return parseAllDocuments(out).map(document => document.toJS() as Exported);
  }
});
