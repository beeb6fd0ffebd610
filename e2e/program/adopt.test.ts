import { join } from 'node:path';
import { expect } from 'chai';
import { NATIVE } from '../../native/stage.ts';
import { useLoadedAgent } from '../agent/support/loadedagent.ts';
import { innerMap, outerMap, type Pairs, u32 } from '../agent/support/manifests.ts';
import { contentsAt, idsIn, treeBelow } from '../agent/support/witness.ts';
import {
  declaration,
  declaredEntries,
  foreignContents,
  INNERS,
  type Inner,
  makeForeign,
  OUTERS,
  type Outer,
} from './support/stranger.ts';

const DRIVER = join(NATIVE, 'build', 'driver');
/** What a pod has without CAP_PERFMON. */
const BPF_ALONE = [DRIVER, 'drop-caps', 'bpf', '--'];
const BPF_AND_PERFMON = [DRIVER, 'drop-caps', 'bpf', 'perfmon', '--'];
const HASHES = { outer: 'hash', inner: 'hash' } as const;
const WRONG = { inner: { ...INNERS.hash, maxEntries: 4, value: 'u64' } };

describe('adopting an outer map that a program’s loader made', function () {
  this.timeout(60_000);
  const fixture = useLoadedAgent();

  for (const outer of Object.keys(OUTERS) as Outer[]) {
    it(`fills declared keys and leaves the others alone: every inner type in a ${outer} of maps`, async () => {
      const inners = Object.keys(INNERS) as Inner[];
      const foreign = inners.map(inner => makeForeign(fixture(), inner, { outer, inner }));
      for (const inner of inners) write(inner, declaration(outer, inner), declaredEntries(inner).pairs);
      await fixture().started();
      for (const [at, inner] of inners.entries()) {
        const { bytes } = declaredEntries(inner);
        const foreignBytes = foreignContents(inner);
        // Content of an LRU map is AtLeast: it is edited in place, and what else is there stays
        const taken = inner === 'lru_hash' ? { ...foreignBytes[u32(1)], ...bytes } : bytes;
        const expected = { ...foreignBytes, [u32(1)]: taken, [u32(3)]: bytes };
        expect(fixture().contents(inner), inner).to.deep.equal(expected);
        const ids = idsIn(fixture().pin(inner));
        expect(ids.get(u32(0)), 'a key that nobody declares').to.equal(foreign[at]!.inners[0]);
      }
    });
  }

  it('with undeclaredKeys Remove takes away what nobody declares', async () => {
    makeForeign(fixture(), 'flows', HASHES);
    write('flows', declaration('hash', 'hash', { undeclaredKeys: 'Remove' }), { 1: 9 });
    await fixture().started();
    expect(Object.keys(fixture().contents('flows'))).to.deep.equal([u32(1), u32(3)]);
  });

  it('takes away what it put there when nobody declares it any more, and nothing else', async () => {
    makeForeign(fixture(), 'flows', HASHES);
    write('flows', declaration('hash', 'hash'), { 1: 9 });
    await fixture().started();
    fixture().erase('flows-keys.yaml');
    await fixture().holds('flows', { [u32(0)]: foreignContents('hash')[u32(0)]! });
  });

  it('leaves the map to its program when the OuterMap goes, without our entries where it says Delete', async () => {
    makeForeign(fixture(), 'flows', HASHES);
    write('flows', declaration('hash', 'hash', { deletionPolicy: 'Delete' }), { 1: 9 });
    await fixture().started();
    fixture().write('flows.yaml', outerMap('other', { pin: 'other' }));
    fixture().erase('flows-keys.yaml');
    await fixture().reported(({ outerMaps }) => outerMaps[0]?.name === 'other' && outerMaps[0].ready);
    await fixture().holds('flows', { [u32(0)]: foreignContents('hash')[u32(0)]! });
    expect(treeBelow(fixture().pin('innermap')).filter(name => name.startsWith('flows'))).to.deep.equal([]);
  });

  describe('of another layout', () => {
    it('is refused with both layouts shown, and not touched', async () => {
      makeForeign(fixture(), 'flows', HASHES);
      write('flows', declaration('hash', 'hash', WRONG), { 1: 9 });
      expect(await refusal()).to.match(
        /^Layouts differ: template is Hash .*value 4.*, declared is Hash .*value 8/,
      );
      expectUntouched();
    });

    it('is refused for its own size as well', async () => {
      makeForeign(fixture(), 'flows', HASHES);
      write('flows', declaration('hash', 'hash', { maxEntries: 16 }), { 1: 9 });
      expect(await refusal()).to.match(/outer map is HashOfMaps .*8.*, declared is HashOfMaps .*16/);
      expectUntouched();
    });

    it('with CAP_BPF and CAP_PERFMON alone the template is read all the same', async () => {
      makeForeign(fixture(), 'flows', { outer: 'array', inner: 'hash' });
      write('flows', declaration('array', 'hash', WRONG), { 1: 9 });
      expect(await refusal(BPF_AND_PERFMON)).to.match(
        /template is Hash .*value 4.*, declared is Hash .*value 8/,
      );
      expectUntouched();
    });

    it('with CAP_BPF alone a HashOfMaps is tried without writing to it', async () => {
      makeForeign(fixture(), 'flows', HASHES);
      write('flows', declaration('hash', 'hash', WRONG), { 1: 9 });
      expect(await refusal(BPF_ALONE)).to.match(
        /^Layouts differ: inner maps of the declared layout \(Hash .*value 8.*\) do not fit its template/,
      );
      expectUntouched();
    });

    it('with CAP_BPF alone an ArrayOfMaps tells when an inner map does not fit; what is not seen by its layout stays', async () => {
      makeForeign(fixture(), 'flows', { outer: 'array', inner: 'hash' });
      write('flows', declaration('array', 'hash', WRONG), { 1: 9 });
      fixture().start({ before: BPF_ALONE });
      const { innerMaps } = await fixture().reported(({ innerMaps }) => innerMaps.length === 2);
      const [taken, free] = innerMaps;
      expect(taken).to.include({ name: 'key-1', reason: 'PermissionDenied' });
      expect(free).to.include({ name: 'key-3', reason: 'LayoutMismatch' });
      expect(free!.message).to.match(/EINVAL.*layout is not that of the template/);
      expectUntouched();
    });
  });

  for (const outer of Object.keys(OUTERS) as Outer[]) {
    it(`with CAP_BPF alone fills a ${outer} of maps, foreign keys and all`, async () => {
      makeForeign(fixture(), 'flows', { outer, inner: 'hash' });
      const { pairs, bytes } = declaredEntries('hash');
      write('flows', declaration(outer, 'hash'), pairs);
      await fixture().started({ before: BPF_ALONE });
      expect(fixture().contents('flows')).to.deep.equal({
        ...foreignContents('hash'),
        ...{ [u32(1)]: bytes, [u32(3)]: bytes },
      });
    });
  }

  /** An OuterMap, and in files of their own its keys 1, which is the stranger's too, and 3, which is free. */
  function write(name: string, spec: object, pairs: Pairs): void {
    const declared = [1, 3].map(key =>
      innerMap(`${nameOf(name)}/key-${key}`, { outerMap: nameOf(name), key }, pairs),
    );
    fixture().write(`${name}.yaml`, outerMap(nameOf(name), { pin: name, ...spec }));
    fixture().write(`${name}-keys.yaml`, ...declared);
  }

  /** What the agent says of the outer map when it does not take it. */
  async function refusal(before: readonly string[] = []): Promise<string> {
    fixture().start({ before });
    const { outerMaps } = await fixture().reported(({ outerMaps }) => outerMaps[0]?.ready === false);
    expect(outerMaps[0]?.reason).to.equal('LayoutMismatch');
    return outerMaps[0]!.message;
  }

  function expectUntouched(): void {
    expect(contentsAt(fixture().pin('flows'))).to.deep.equal(foreignContents('hash'));
    expect(
      treeBelow(fixture().bpffs).filter(
        name => name.startsWith('innermap/flows/inner/') && !name.endsWith('/'),
      ),
    ).to.deep.equal([]);
  }
});

/** A pin may have an underscore, an object may not. */
function nameOf(pin: string): string {
  return pin.replace('_', '-');
}
