import { expect } from 'chai';
import { useLoadedAgent } from '../agent/support/loadedagent.ts';
import { contentsAt, idsIn } from '../agent/support/witness.ts';
import { Program } from './support/sample.ts';
import { foreignContents, INNERS, type Inner, makeForeign, OUTERS, type Outer } from './support/stranger.ts';

describe('export of an outer map that a program’s loader made', function () {
  this.timeout(60_000);
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
    expect(new Set(steps.map(({ verb }) => verb))).to.deep.equal(new Set(['record', 'adopt']));
    expect(fixture().once().code).to.equal(0);
    const second = fixture().here('plan', fixture().manifests);
    expect(second).to.include({ code: 0, error: '', out: 'Nothing to do: the kernel is as declared\n' });
    expect(
      pins.map(pin => [...idsIn(fixture().pin(pin))]),
      'the same inner maps',
    ).to.deep.equal(before);
  }
});
