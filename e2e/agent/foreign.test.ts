import { renameSync, unlinkSync } from 'node:fs';
import { expect } from 'chai';
import { bpftool, dumped, idAt, run } from '../../native/stage.ts';
import { type LoadedAgentFixture, NO_RESYNC, useLoadedAgent } from './support/loadedagent.ts';
import { innerMap, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { idsIn, shown, treeBelow } from './support/witness.ts';

/** A stranger's outer map with the layout that the manifests declare. */
const SAME_LAYOUT = ['--type', 'hash', '--max', '64', '--inner', 'hash', '--inner-max', '16'];
const TWO_INNERS = ['--inners', '2', '--entries', '2'];
const WEB = innerMap('a/web', { outerMap: 'tenants', key: 7 }, { 1: 1 });

describe('agent, among maps of others', () => {
  const fixture = useLoadedAgent();

  it('touches nothing of a foreign map at the pin: PinInUse; others go on, and it is made once the pin is free', async () => {
    const { outer } = fixture().make('tenants', ...SAME_LAYOUT, ...TWO_INNERS);
    const before = fixture().contents('tenants');
    fixture().write('maps.yaml', outerMap('tenants'), WEB, outerMap('others'));
    fixture().write('other.yaml', innerMap('a/other', { outerMap: 'others', key: 1 }, { 1: 1 }));
    const agent = fixture().start();
    expect(await agent.said(/PinInUse/))
      .to.include('tenants')
      .and.to.include(`id ${outer}`);
    const { outerMaps, innerMaps } = await fixture().reported(report => report.outerMaps.length === 2);
    expect(outerMaps.find(({ name }) => name === 'tenants')).to.include({ ready: false, reason: 'PinInUse' });
    expect(innerMaps.map(({ name, reason }) => [name, reason])).to.deep.equal([['web', 'Pending']]);
    await fixture().holds('others', { [u32(1)]: u32Pairs({ 1: 1 }) });
    expect(idAt(fixture().pin('tenants'))).to.equal(outer);
    expect(fixture().contents('tenants')).to.deep.equal(before);
    expect(treeBelow(fixture().pin('innermap/tenants'))).to.deep.equal([]);
    unlinkSync(fixture().pin('tenants'));
    await fixture().holds('tenants', { [u32(7)]: u32Pairs({ 1: 1 }) });
    expect(idAt(fixture().pin('tenants'))).to.not.equal(outer);
  });

  it('adopts a map that its loader pins later, keeps what is not declared, and follows a reload', async () => {
    fixture().write('maps.yaml', outerMap('tenants', { provision: 'Adopt' }), WEB);
    const agent = fixture().start({ options: NO_RESYNC });
    await agent.said(/PinNotFound/);
    fixture().make('tenants', ...SAME_LAYOUT, ...TWO_INNERS, '--stamp', '5');
    const foreign = { [u32(0)]: u32Pairs({ 0: 5, 1: 5 }), [u32(1)]: u32Pairs({ 0: 5, 1: 5 }) };
    await fixture().holds('tenants', { ...foreign, [u32(7)]: u32Pairs({ 1: 1 }) });
    fixture().make('reloaded', ...SAME_LAYOUT);
    renameSync(fixture().pin('reloaded'), fixture().pin('tenants'));
    await fixture().holds('tenants', { [u32(7)]: u32Pairs({ 1: 1 }) });
    expect(idAt(fixture().pin('innermap/tenants/outer'))).to.equal(idAt(fixture().pin('tenants')));
  });

  it('refuses to adopt another layout: LayoutMismatch shows both', async () => {
    fixture().make(
      'tenants',
      ...SAME_LAYOUT.slice(0, -4),
      '--inner',
      'hash',
      '--inner-value-size',
      '8',
      ...TWO_INNERS,
    );
    const before = fixture().contents('tenants');
    fixture().write('maps.yaml', outerMap('tenants', { provision: 'Adopt' }), WEB);
    const agent = fixture().start();
    const line = await agent.said(/LayoutMismatch/);
    expect(line).to.match(/template is Hash key 4 value 8 .*declared is Hash key 4 value 4/);
    await fixture().reported(({ outerMaps }) => outerMaps[0]?.reason === 'LayoutMismatch');
    expect(fixture().contents('tenants')).to.deep.equal(before);
    expect(treeBelow(fixture().pin('innermap/tenants'))).to.deep.equal([]);
  });

  it('reads no plain map as an outer map, whatever its values are: PinInUse, others go on', async () => {
    for (const [at, size] of [1, 3, 64].entries()) {
      const words = ['type', 'hash', 'key', '4', 'value', String(size), 'entries', '8', 'name', 'plain'];
      run('bpftool', 'map', 'create', fixture().pin(`plain-${at}`), ...words);
      bpftool('update', fixture().pin(`plain-${at}`), u32(1), '07'.repeat(size));
      fixture().write(`plain-${at}.yaml`, outerMap(`plain-${at}`));
    }
    fixture().write('others.yaml', outerMap('others'));
    fixture().write('other.yaml', innerMap('a/other', { outerMap: 'others', key: 1 }, { 1: 1 }));
    fixture().start();
    const { outerMaps } = await fixture().reported(report => report.outerMaps.length === 4);
    expect(outerMaps.map(({ name, reason }) => `${name} ${reason}`)).to.have.members([
      'others Programmed',
      ...[0, 1, 2].map(at => `plain-${at} PinInUse`),
    ]);
    expect(dumped(fixture().pin('plain-1'))).to.deep.equal({ [u32(1)]: '070707' });
  });

  it('refuses another outer type than the one that is pinned: LayoutMismatch shows both', async () => {
    fixture().make('tenants', '--type', 'array', '--max', '64', '--inner', 'hash', '--inner-max', '16');
    fixture().write('maps.yaml', outerMap('tenants', { provision: 'Adopt' }), WEB);
    const line = await fixture()
      .start()
      .said(/LayoutMismatch/);
    expect(line).to.match(/outer map is ArrayOfMaps .*declared is HashOfMaps/);
  });

  it('leaves a map of ours as it is when its declaration becomes another: LayoutMismatch shows both', async () => {
    fixture().write('maps.yaml', outerMap('tenants'), WEB);
    const agent = await fixture().started();
    const inner = { type: 'Hash', maxEntries: 16, key: 'u32', value: 'u64' };
    fixture().write('maps.yaml', outerMap('tenants', { inner }), WEB);
    expect(await agent.said(/LayoutMismatch/))
      .to.include('inner.value is u32, declared is u64')
      .and.to.include('innermap.io/recreate: ');
    expect(fixture().contents('tenants')).to.deep.equal({ [u32(7)]: u32Pairs({ 1: 1 }) });
    fixture().write('maps.yaml', outerMap('tenants', { maxEntries: 128 }), WEB);
    expect(await agent.said(/maxEntries 64 .*maxEntries 128/)).to.include('LayoutMismatch');
  });

  it('gives a pin that two OuterMaps want to one of them', async () => {
    fixture().write('maps.yaml', outerMap('first', { pin: 'shared' }), outerMap('second', { pin: 'shared' }));
    expect(
      await fixture()
        .start()
        .said(/PinInUse/),
    )
      .to.include('second')
      .and.to.include('first');
    await fixture().reported(({ outerMaps }) =>
      outerMaps.some(({ name, ready }) => name === 'first' && ready),
    );
  });
});

describe('innermap clean', () => {
  const fixture = useLoadedAgent();

  it('takes away all that is ours, made and adopted, and nothing else', async () => {
    const { adopted, stranger } = await madeAndAdopted(fixture());
    const refused = fixture().here('clean', '--yes');
    expect(refused.code, 'while an agent runs').to.equal(2);
    expect(refused.error).to.match(/pid \d+/);
    await fixture().endAll();
    const { code, out, error } = fixture().here('clean', '--yes');
    expect(code, error).to.equal(0);
    expect(out).to.include('tenants').and.to.include('adopted');
    expect(treeBelow(fixture().bpffs)).to.deep.equal(['adopted', 'edge/', 'stranger']);
    expect(idAt(fixture().pin('adopted'))).to.equal(adopted);
    expect(Object.keys(dumped(fixture().pin('adopted'))).sort()).to.deep.equal([u32(0), u32(1)].sort());
    expect(fixture().contents('adopted')[u32(0)]).to.deep.equal(u32Pairs({ 0: 1, 1: 1 }));
    expect(idAt(fixture().pin('stranger'))).to.equal(stranger);
    expect(fixture().here('clean', '--yes').out).to.include('Nothing to remove');
  });

  it('takes away one outer map that is named, shows before it asks, and does nothing without a yes', async () => {
    await madeAndAdopted(fixture());
    await fixture().endAll();
    const before = treeBelow(fixture().bpffs);
    expect(fixture().here('clean', '--dry-run').out).to.include('2 inner maps');
    expect(fixture().here('clean').code, 'no answer').to.equal(1);
    expect(treeBelow(fixture().bpffs)).to.deep.equal(before);
    expect(fixture().here('clean', 'adopted', '--yes').code).to.equal(0);
    expect(treeBelow(fixture().pin('innermap')))
      .to.include('tenants/')
      .and.not.to.include('adopted/');
    expect(fixture().here('clean', 'nobody', '--yes').error).to.match(
      /Cannot find outer map nobody.*tenants/,
    );
  });

  it('asks the agent that runs to take away one outer map: what is declared comes back as another map', async () => {
    await madeAndAdopted(fixture());
    const before = idAt(fixture().pin('edge/tenants'));
    const asking = fixture().here('clean', 'tenants', '--yes');
    expect(asking.code, asking.error).to.equal(0);
    expect(asking.error).to.match(/^Removed 1 outer map of 1, by pid \d+/m);
    await fixture().reported(({ outerMaps }) => outerMaps.every(({ ready }) => ready));
    expect(idAt(fixture().pin('edge/tenants'))).to.not.equal(before);
    expect(treeBelow(fixture().pin('innermap'))).to.not.include('~clean/');
  });

  it('leaves a foreign inner map in a map of ours to whoever holds it', async () => {
    await madeAndAdopted(fixture());
    await fixture().endAll();
    const [inner] = [...idsIn(fixture().pin('stranger')).values()];
    bpftool('update', fixture().pin('edge/tenants'), u32(50), inner);
    expect(fixture().here('clean', '--yes').code).to.equal(0);
    expect(idsIn(fixture().pin('stranger')).get(u32(0))).to.equal(inner);
    expect(shown([inner!])[0]?.id).to.equal(inner);
  });
});

/** A made outer map with two inner maps, an adopted one with one of ours among two of its owner's, and a stranger. */
async function madeAndAdopted(
  fixture: LoadedAgentFixture,
): Promise<{ readonly adopted: number; readonly stranger: number }> {
  const adopted = fixture.make('adopted', ...SAME_LAYOUT, ...TWO_INNERS).outer;
  const stranger = fixture.make('stranger', ...SAME_LAYOUT, ...TWO_INNERS).outer;
  fixture.write(
    'maps.yaml',
    outerMap('tenants', { pin: 'edge/tenants' }),
    outerMap('adopted', { provision: 'Adopt' }),
    innerMap('a/one', { outerMap: 'tenants', key: 1 }, { 1: 1 }),
    innerMap('a/two', { outerMap: 'tenants', key: 2 }, { 1: 1 }),
    innerMap('a/three', { outerMap: 'adopted', key: 3 }, { 1: 1 }),
  );
  await fixture.started({ options: NO_RESYNC });
  expect(Object.keys(dumped(fixture.pin('adopted')))).to.have.length(3);
  fixture.contents('adopted');
  return { adopted, stranger };
}
