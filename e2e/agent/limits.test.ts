import { expect } from 'chai';
import type { Report } from '../../operator/core/report/report.ts';
import { useLoadedAgent } from './support/loadedagent.ts';
import { innerMap, type Manifest, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { MemoryGroup } from './support/memory.ts';
import { INNERMAP, ran } from './support/process.ts';
import { idsIn } from './support/witness.ts';

const MIB = 2 ** 20;

describe('agent at a limit', () => {
  const fixture = useLoadedAgent();

  it('ENOMEM: the map that memory does not suffice for is OutOfMemory, the others are programmed', async function () {
    const group = MemoryGroup.make(300 * MIB);
    if (group === undefined) {
      if (process.env['CI'] === 'true') throw new Error('Cannot limit memory: no memory controller');
      this.skip();
    }
    try {
      const inner = { type: 'Hash', maxEntries: 16, maxEntriesLimit: 8_000_000, key: 'u32', value: 'u32' };
      fixture().write('outer.yaml', outerMap('tenants', { inner }));
      fixture().write(
        'large.yaml',
        innerMap('a/large', { outerMap: 'tenants', key: 1 }, { 1: 1 }, { maxEntries: 8_000_000 }),
      );
      fixture().write('small.yaml', ...smallMaps(5));
      const agent = fixture().start({ before: group.enter });
      const line = await agent.said(/OutOfMemory/);
      expect(line)
        .to.include('a/large')
        .and.to.match(/memory limit of .* is 300 MiB/);
      const { innerMaps, state } = await fixture().reported(hasFailure('OutOfMemory'));
      expect(innerMaps.map(({ name }) => name)).to.deep.equal(['large']);
      expect(state.outerMaps[0]).to.include({ innerMaps: 5, failuresTotal: 1 });
      await fixture().holds('tenants', contentsOf(5));
      fixture().write('large.yaml', innerMap('a/large', { outerMap: 'tenants', key: 1 }, { 1: 1 }));
      await fixture().holds('tenants', { ...contentsOf(5), [u32(1)]: u32Pairs({ 1: 1 }) });
      await fixture().endAll();
      expect(fixture().here('clean', '--yes').code).to.equal(0);
    } finally {
      await fixture().endAll();
      await group.leave();
    }
  });

  it('contents that would take all memory are refused before they take it, the others are programmed', async function () {
    this.timeout(120_000);
    const group = MemoryGroup.make(512 * MIB);
    if (group === undefined) {
      if (process.env['CI'] === 'true') throw new Error('Cannot limit memory: no memory controller');
      this.skip();
    }
    try {
      const value = 'struct { __u8 first; __u8 rest[1000]; }';
      const inner = { type: 'Hash', maxEntries: 200_000, key: 'u32', value, flags: ['NoPrealloc'] };
      fixture().write('outer.yaml', outerMap('tenants'), outerMap('wide', { inner }));
      const rows = (count: number) => Array.from({ length: count }, (_, at) => `${at},1`).join('\n');
      for (const key of [1, 2, 3]) {
        const table = `key,value.first\n${rows(185_679)}\n`;
        fixture().write(
          `huge${key}.yaml`,
          innerMap(`a/huge${key}`, { outerMap: 'wide', key }, {}, { table }),
        );
      }
      const table = `key,value.first\n${rows(100_000)}\n`;
      fixture().write('large.yaml', innerMap('a/large', { outerMap: 'wide', key: 4 }, {}, { table }));
      fixture().write('small.yaml', ...smallMaps(5));
      const agent = fixture().start({ before: group.enter });
      await agent.said(/TooManyEntries/);
      const { innerMaps, state } = await fixture().reported(
        ({ state: { outerMaps } }) => outerMaps.find(({ name }) => name === 'wide')?.innerMaps === 1,
      );
      expect(innerMaps.map(({ name, reason }) => `${name} ${reason}`)).to.deep.equal(
        [1, 2, 3].map(key => `huge${key} TooManyEntries`),
      );
      expect(innerMaps[0]!.message).to.contain(
        'this agent has for entries, a quarter of its memory limit of 512 MiB',
      );
      expect(state.outerMaps.map(({ innerMaps: count }) => count)).to.deep.equal([5, 1]);
      await fixture().holds('tenants', contentsOf(5));
      expect(agent.isOver).to.equal(false);
      await fixture().endAll();
      expect(fixture().here('clean', '--yes').code).to.equal(0);
    } finally {
      await fixture().endAll();
      await group.leave();
    }
  });

  it('E2BIG: what finds no free slot is OuterMapFull, the others are programmed', async () => {
    fixture().write('outer.yaml', outerMap('tenants', { maxEntries: 4 }));
    fixture().write('maps.yaml', ...smallMaps(6));
    const agent = fixture().start({ options: ['--resync', '1s'] });
    expect(await agent.said(/OuterMapFull/)).to.match(/full with 4 entries/);
    const { innerMaps, state } = await fixture().reported(hasFailure('OuterMapFull'));
    expect(innerMaps.map(({ reason }) => reason)).to.deep.equal(['OuterMapFull', 'OuterMapFull']);
    expect(state.outerMaps[0]).to.include({ innerMaps: 4, failuresTotal: 2 });
    expect(idsIn(fixture().pin('tenants')).size).to.equal(4);
    const [full] = innerMaps;
    const others = smallMaps(6).filter(({ metadata }) => (metadata as { name: string }).name !== full?.name);
    fixture().write('maps.yaml', ...others.slice(1));
    await fixture().reported(
      ({ innerMaps, outerMaps }) => innerMaps.length === 0 && outerMaps[0]?.innerMaps === 4,
    );
  });

  it('E2BIG: a key beyond an ArrayOfMaps is InvalidKey, more entries than a map holds TooManyEntries', async () => {
    const outer = outerMap('limits', { type: 'ArrayOfMaps', maxEntries: 4 });
    const place = { outerMap: 'limits' };
    fixture().write(
      'maps.yaml',
      outer,
      innerMap('a/good', { ...place, key: 3 }, { 1: 1 }),
      innerMap('a/beyond', { ...place, key: 4 }, { 1: 1 }),
      innerMap('a/many', { ...place, key: 2 }, { 1: 1, 2: 2, 3: 3 }, { maxEntries: 2 }),
    );
    fixture().start();
    const { innerMaps } = await fixture().reported(hasFailure('InvalidKey'));
    const reasons = Object.fromEntries(
      innerMaps.map(({ name, reason, message }) => [name, `${reason}: ${message}`]),
    );
    expect(reasons['beyond']).to.match(/^InvalidKey: .*4 .*0 to 3/);
    expect(reasons['many']).to.match(/^TooManyEntries: .*3.*2/);
    expect(fixture().contents('limits')).to.deep.equal({ [u32(3)]: u32Pairs({ 1: 1 }) });
  });

  for (const files of [40, 127]) {
    it(`${files} files are too few to start with: one sentence with the remedy, and exit code 2`, () => {
      const before = ['prlimit', `--nofile=${files}:${files}`, process.execPath, INNERMAP];
      const { code, error } = ran([...before, 'agent', '--manifests', fixture().manifests]);
      expect(code, error).to.equal(2);
      expect(error).to.match(/^Cannot start with \d+ open files .* needs 128.*LimitNOFILE\n$/);
    });
  }

  for (const files of [128, 160]) {
    it(`EMFILE: works in smaller waves with ${files} files, 500 maps of them`, async () => {
      const outer = outerMap('tenants', { maxEntries: 1024 });
      fixture().write('maps.yaml', outer, ...smallMaps(500));
      const agent = await fixture().started({ before: ['prlimit', `--nofile=${files}:${files}`] });
      expect(fixture().contents('tenants')).to.deep.equal(contentsOf(500));
      fixture().write('maps.yaml', outer, ...smallMaps(500, 1));
      await fixture().holds('tenants', contentsOf(500, 1));
      expect(agent.log).to.not.include('EMFILE');
    });
  }
});

/** Keys from 100; `more` is added to every value. */
function smallMaps(count: number, more = 0): Manifest[] {
  return numbers(count).map(key => innerMap(`a/map-${key}`, { outerMap: 'tenants', key }, { 1: key + more }));
}

function contentsOf(count: number, more = 0) {
  return Object.fromEntries(numbers(count).map(key => [u32(key), u32Pairs({ 1: key + more })]));
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => 100 + at);
}

function hasFailure(reason: string): (report: Report) => boolean {
  return ({ innerMaps }) => innerMaps.some(each => each.reason === reason);
}
