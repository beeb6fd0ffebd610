import { expect } from 'chai';
import { INNER_TYPES } from '../../operator/api/maps/types.ts';
import { smallestSpec } from '../../operator/core/layout/rules.ts';
import { openKernel } from '../../operator/kernel/libbpf/kernel.ts';
import { useLoadedAgent } from '../agent/support/loadedagent.ts';
import { contentsAt, idsIn } from '../agent/support/witness.ts';
import { Program } from './support/sample.ts';
import { foreignContents, INNERS, type Inner, makeForeign, OUTERS, type Outer } from './support/stranger.ts';
import { makeTyped, withAllFlags } from './support/typed.ts';

describe('export of an outer map that a program’s loader made', function () {
  this.timeout(180_000);
  const fixture = useLoadedAgent();

  for (const outer of Object.keys(OUTERS) as Outer[]) {
    it(`applied again is an empty plan: every inner type in a ${outer} of maps`, () => {
      const inners = Object.keys(INNERS) as Inner[];
      for (const inner of inners) {
        makeForeign(fixture(), inner, { outer, inner });
        exportHere(inner);
      }
      expectNothingToDo(inners);
      for (const inner of inners)
        expect(contentsAt(fixture().pin(inner)), inner).to.deep.equal(foreignContents(inner));
    });
  }

  for (const flagged of [false, true])
    it(`applied again is an empty plan: every map type of the table, with ${flagged ? 'all its flags' : 'no flag'}`, async () => {
      const kernel = openKernel({ bpffs: fixture().bpffs });
      const { features } = await kernel.probe();
      const types = INNER_TYPES.filter(type => features[`inner.${type}`] === true);
      for (const type of types) {
        const pin = type.toLowerCase();
        await makeTyped(kernel, fixture().pin(pin), flagged ? withAllFlags(type) : smallestSpec(type));
        exportHere(pin);
      }
      expectNothingToDo(types.map(type => type.toLowerCase()));
    });

  it('says of BloomFilters with other hash functions what they have, and leaves them as they are', () => {
    const filter = ['--inner', 'bloom_filter', '--inner-key-size', '0', '--inner-extra', '3'];
    fixture().make('seen', '--type', 'hash', '--max', '8', ...filter, '--inners', '2');
    const exported = fixture().here('export', 'seen');
    expect(exported.error).to.contain('2 of 2 inner maps are BloomFilters with 3 hash functions (map_extra)');
    fixture().writeText('seen.yaml', exported.out);
    expectNothingToDo(['seen']);
  });

  it('applied again is an empty plan: the sample program’s maps, with the types of its header', () => {
    new Program(fixture()).load();
    const port = 'struct { __be16 port; __u8 proto; }';
    exportHere('tenants', '--key-type', 'ipv4', '--inner-key-type', port);
    exportHere('limits', '--inner-key-type', '__be16');
    expectNothingToDo(['tenants', 'limits']);
  });

  function exportHere(pin: string, ...words: readonly string[]): void {
    const exported = fixture().here('export', pin, ...words);
    expect(exported.code, exported.error).to.equal(0);
    fixture().writeText(`${pin}.yaml`, exported.out);
  }

  /** Adopting the outer maps is all there is to do, and no inner map is made anew. */
  function expectNothingToDo(pins: readonly string[]): void {
    const before = pins.map(pin => [...idsIn(fixture().pin(pin))]);
    const first = fixture().here('plan', fixture().manifests, '-o', 'json');
    const { steps } = JSON.parse(first.out) as { readonly steps: readonly { readonly verb: string }[] };
    const beyond = steps.filter(({ verb }) => verb !== 'claim').map(({ verb }) => verb);
    expect(new Set(beyond)).to.deep.equal(new Set(['record', 'adopt']));
    expect(fixture().once().code).to.equal(0);
    const second = fixture().here('plan', fixture().manifests);
    expect(second).to.include({ code: 0, error: '', out: 'Nothing to do: the kernel is as declared\n' });
    expect(
      pins.map(pin => [...idsIn(fixture().pin(pin))]),
      'the same inner maps',
    ).to.deep.equal(before);
  }
});
