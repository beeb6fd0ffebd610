import { expect } from 'chai';
import type { MapSpec } from '../core/mapspec.ts';
import { planLines } from '../core/plan/print.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import type { AgentFixture } from './testing/fixture.ts';
import {
  adopting,
  agentOn,
  BPF_ALONE,
  HASH,
  idsOf,
  type LoadedMap,
  loadedBy,
  PROGRAM_PIN,
  putEmpty,
  SEVEN,
  tenant,
  withoutWalk,
} from './testing/loaded.ts';

const TRIE: MapSpec = { type: 'LPMTrie', keySize: 8, valueSize: 4, maxEntries: 16, flags: 1 };
const RING: MapSpec = { type: 'RingBuf', keySize: 0, valueSize: 0, maxEntries: 4096, flags: 0 };

const rings = (spec: object = {}) =>
  adopting({ inner: { type: 'RingBuf', maxEntries: 4096, maxEntriesLimit: 8192 } }).inner(
    'a/ring',
    'tenants',
    7,
    {},
    spec,
  );
const tries = (spec: object = {}) =>
  adopting({
    inner: { type: 'LPMTrie', maxEntries: 16, key: 'cidr4', value: 'u32', flags: ['NoPrealloc'] },
  }).inner('a/trie', 'tenants', 7, { '10.0.0.0/8': 1 }, spec);

describe('turn, with CAP_BPF alone, at a key whose inner map it cannot read', () => {
  const scenes: Readonly<
    Record<string, readonly [() => FakeMachine, MapSpec, LoadedMap, (spec?: object) => AgentFixture]>
  > = {
    'a type that is not walked': [() => new FakeMachine(), TRIE, { keys: [7], pairs: { 10: 1 } }, tries],
    'a kernel that walks none': [withoutWalk, HASH, SEVEN[0]!, spec => tenant({}, spec)],
  };
  for (const [title, [make, template, map, fixture]] of Object.entries(scenes)) {
    it(`lets it be, and says so: ${title}`, async () => {
      const machine = make();
      const { ids } = await loadedBy(machine, template, [map]);
      const acting = await agentOn(machine, fixture(), BPF_ALONE);
      const { plan, report } = await acting.turn();
      expect(plan.steps.map(({ verb }) => verb)).to.deep.equal(['record', 'adopt']);
      expect(planLines(plan).at(-1)).to.match(
        /^! tenants\[7\]: a\/\w+, PermissionDenied: Inner map \d+, which others made, stays as it is: .*EPERM.*; replaceUnreadable: true puts/,
      );
      expect(report.innerMaps[0]).to.include({ ready: false, reason: 'PermissionDenied' });
      expect(await idsOf(machine)).to.deep.equal({ '07000000': ids[0] });
      expect((await acting.resync()).plan.steps).to.deep.equal([]);
      await acting.turn(
        adopting(fixture().wanted().outerMaps[0]!.spec.inner.type === 'Hash' ? {} : trieSpec()),
      );
      expect(await idsOf(machine), 'never ours').to.deep.equal({ '07000000': ids[0] });
    });

    it(`replaces it where its InnerMap asks for that: ${title}`, async () => {
      const machine = make();
      const { ids } = await loadedBy(machine, template, [map]);
      const acting = await agentOn(machine, fixture(), BPF_ALONE);
      await acting.turn();
      const { plan, report } = await acting.turn(fixture({ replaceUnreadable: true }));
      expect(planLines(plan)[0]).to.contain(`; takes inner map ${ids[0]} away from programs`);
      expect(report.innerMaps).to.deep.equal([]);
      expect(machine.dump(PROGRAM_PIN)).to.deep.equal(fixture().contents('tenants'));
      expect((await acting.resync()).plan.steps).to.deep.equal([]);
    });
  }

  it('puts right what stands where a map of ours was', async () => {
    const machine = new FakeMachine();
    const { loader } = await loadedBy(machine, TRIE, []);
    const acting = await agentOn(machine, tries(), BPF_ALONE);
    await acting.turn();
    const other = await putEmpty(loader, 7, TRIE);
    const { plan } = await acting.resync();
    expect(planLines(plan).at(-1)).to.contain(`drifted; takes inner map ${other} away from programs`);
    expect(machine.dump(PROGRAM_PIN)).to.deep.equal(tries().contents('tenants'));
  });
});

function trieSpec(): object {
  return { inner: { type: 'LPMTrie', maxEntries: 16, key: 'cidr4', value: 'u32', flags: ['NoPrealloc'] } };
}

describe('turn, taking over maps of a type without entries', () => {
  for (const [name, capabilities] of Object.entries({ CAP_SYS_ADMIN: {}, 'CAP_BPF alone': BPF_ALONE })) {
    it(`keeps a ring buffer for its consumer, and ends with it: ${name}`, async () => {
      const machine = new FakeMachine();
      const { ids } = await loadedBy(machine, RING, [{ keys: [7] }]);
      const acting = await agentOn(machine, rings(), capabilities);
      const { report } = await acting.turn();
      expect([report.innerMaps, await idsOf(machine)]).to.deep.equal([[], { '07000000': ids[0] }]);
      expect((await (await agentOn(machine, rings(), capabilities)).turn()).plan.steps).to.deep.equal([]);
      await acting.resync(rings().without('a/ring'));
      expect(await idsOf(machine)).to.deep.equal({});
    });

    it(`replaces none of another size, unless it is asked to: ${name}`, async () => {
      const machine = new FakeMachine();
      const { ids } = await loadedBy(machine, RING, [{ keys: [7] }]);
      const acting = await agentOn(machine, rings(), capabilities);
      await acting.turn();
      const { plan, report } = await acting.turn(rings({ maxEntries: 8192 }));
      expect(plan.steps).to.deep.equal([]);
      expect(report.innerMaps[0]).to.include({ ready: false, reason: 'LayoutMismatch' });
      expect(report.innerMaps[0]!.message).to.contain('maxEntries 4096').and.to.contain('maxEntries 8192');
      await acting.turn(rings({ maxEntries: 8192, replaceUnreadable: true }));
      expect((await idsOf(machine))['07000000']).to.not.equal(ids[0]);
    });
  }
});
