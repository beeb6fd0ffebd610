import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import type { Report } from '../../operator/core/report/report.ts';
import { type LoadedAgentFixture, useLoadedAgent } from './support/loadedagent.ts';
import { fileText, innerMap, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { type Contents, treeBelow } from './support/witness.ts';

/** More than the ten that may always go. */
const MANY = 12;

describe('agent, when manifests vanish', () => {
  const fixture = useLoadedAgent();

  it('removes nothing of a folder emptied by mistake: held with a token, in the report and in the log', async () => {
    declareMany(fixture(), outerMap('tenants', { deletionPolicy: 'Delete' }));
    const agent = await fixture().started();
    const before = treeBelow(fixture().bpffs);
    for (const file of readdirSync(fixture().manifests)) fixture().erase(file);
    const token = /token ([0-9a-f]+)/.exec(await agent.said(/RemovalHeld/))?.[1];
    const report = await fixture().reported(isHeld);
    expect(report.state.conditions[0]?.message).to.include(`token ${token}`);
    await agent.end();
    expect(fixture().once().code, 'the next start holds it too').to.equal(1);
    expect(fixture().contents('tenants')).to.deep.equal(many());
    expect(treeBelow(fixture().bpffs)).to.deep.equal(before);
    expect(fixture().once('--release-removal', token!).code).to.equal(0);
    expect(treeBelow(fixture().bpffs)).to.deep.equal(['innermap/']);
  });

  it('holds the removal of too many keys at once; --release-removal with its token lets them go', async () => {
    declareMany(fixture(), outerMap('tenants'));
    const agent = await fixture().started();
    for (const key of numbers()) fixture().erase(`map-${key}.yaml`);
    expect(await agent.said(/RemovalHeld/)).to.include('12 of 12 keys');
    const { state, outerMaps } = await fixture().reported(isHeld);
    const { keys, token } = state.outerMaps[0]?.heldRemoval ?? {};
    expect(keys).to.equal(MANY);
    expect(outerMaps[0]).to.include({ ready: false, reason: 'RemovalHeld' });
    expect(fixture().contents('tenants')).to.deep.equal(many());
    await agent.end();
    expect(fixture().once('--release-removal', 'f00d').code, 'another token').to.equal(1);
    expect(fixture().contents('tenants')).to.deep.equal(many());
    await fixture().started({ options: ['--release-removal', token!] });
    expect(fixture().contents('tenants')).to.deep.equal({});
  });

  it('lets a held removal go when maxRemoval is raised, or when the manifests are back', async () => {
    declareMany(fixture(), outerMap('tenants'));
    const agent = await fixture().started();
    for (const key of numbers()) fixture().erase(`map-${key}.yaml`);
    await fixture().reported(isHeld);
    declareMany(fixture(), outerMap('tenants'));
    await agent.said(/as declared again/);
    expect(fixture().contents('tenants')).to.deep.equal(many());
    for (const key of numbers()) fixture().erase(`map-${key}.yaml`);
    await fixture().reported(isHeld);
    fixture().write('outer.yaml', outerMap('tenants', { maxRemoval: '100%' }));
    await fixture().holds('tenants', {});
  });

  it('keeps everything of a folder that is emptied, where nothing says Delete', async () => {
    declareMany(fixture(), outerMap('tenants'));
    await fixture().started();
    const before = treeBelow(fixture().bpffs);
    for (const file of readdirSync(fixture().manifests)) fixture().erase(file);
    await fixture().reported(({ outerMaps }) => outerMaps.length === 0);
    expect(treeBelow(fixture().bpffs)).to.deep.equal(before);
    expect(fixture().contents('tenants')).to.deep.equal(many());
  });

  it('keeps what a file declared when it stops parsing, goes on with the others, and tells the place', async () => {
    const { good, agent } = await brokenAfterwards(fixture());
    expect(await agent.said(/web\.yaml:\d+:\d+/)).to.be.a('string');
    fixture().write('mail.yaml', innerMap('a/mail', { outerMap: 'tenants', key: 2 }, { 1: 3 }));
    await fixture().holds('tenants', { ...good, [u32(2)]: u32Pairs({ 1: 3 }) });
    fixture().erase('mail.yaml');
    await fixture().holds('tenants', good);
    fixture().write('web.yaml', innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 1: 9 }));
    await fixture().holds('tenants', { [u32(1)]: u32Pairs({ 1: 9 }) });
    await agent.said(/as declared again/);
  });

  it('removes nothing at a start with a file that does not parse: nobody knows what it declares', async () => {
    const { good, agent } = await brokenAfterwards(fixture());
    await agent.end();
    fixture().erase('mail.yaml');
    const again = fixture().start({ options: ['--resync', '200ms'] });
    await again.said(/web\.yaml:\d+:\d+/);
    const { state, refusals } = await fixture().reported(report => report.refusals.length > 0);
    expect(state.conditions[0]).to.include({ type: 'Ready', status: 'False', reason: 'Pending' });
    expect(refusals[0]?.origin).to.match(/web\.yaml:\d+:\d+$/);
    await fixture().reported(report => report.state.outerMaps.length === 1);
    expect(fixture().contents('tenants')).to.deep.equal({ ...good, [u32(2)]: u32Pairs({ 1: 2 }) });
    fixture().write('web.yaml', innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 1: 1 }));
    await fixture().holds('tenants', good);
  });

  it('keeps a key whose InnerMap has a typo, across a restart too, until it is mended', async () => {
    const web = (kind: string, place: object) => ({
      ...innerMap('a/web', { outerMap: 'tenants', key: 1, ...place }, { 1: 1 }),
      kind,
    });
    fixture().write('outer.yaml', outerMap('tenants'));
    fixture().write('web.yaml', web('InnerMap', {}));
    let agent = await fixture().started();
    const held = { [u32(1)]: u32Pairs({ 1: 1 }) };
    for (const [kind, place, words] of [
      ['Innermap', {}, /Innermap/],
      ['InnerMap', { key: 2 ** 33 }, /8589934592/],
      ['InnerMap', { outerMap: 'tenents' }, /did you mean tenants/],
    ] as const) {
      fixture().write('web.yaml', web(kind, place));
      await agent.said(words);
      await agent.said(/web\.yaml: Keeps what it declared before, .*InnerMap a\/web|InnerMap a\/web: /);
      expect(fixture().contents('tenants')).to.deep.equal(held);
      await agent.end();
      agent = fixture().start({ options: ['--resync', '100ms'] });
      await fixture().reported(({ state }) =>
        state.conditions[0]!.message.startsWith(
          `Nothing is removed until everything in ${fixture().manifests}/web.yaml`,
        ),
      );
      expect(fixture().contents('tenants')).to.deep.equal(held);
      fixture().write('web.yaml', web('InnerMap', {}));
      await fixture().reported(({ state }) => state.conditions[0]!.status === 'True');
    }
    fixture().write('web.yaml', web('InnerMap', { key: 2 }));
    await fixture().holds('tenants', { [u32(2)]: u32Pairs({ 1: 1 }) });
  });
});

/** An OuterMap and an InnerMap each in a file of its own; then `web.yaml` is broken. */
async function brokenAfterwards(fixture: LoadedAgentFixture) {
  const place = { outerMap: 'tenants' };
  fixture.write('outer.yaml', outerMap('tenants'));
  fixture.write('web.yaml', innerMap('a/web', { ...place, key: 1 }, { 1: 1 }));
  const agent = await fixture.started();
  fixture.write('mail.yaml', innerMap('a/mail', { ...place, key: 2 }, { 1: 2 }));
  await fixture.holds('tenants', { [u32(1)]: u32Pairs({ 1: 1 }), [u32(2)]: u32Pairs({ 1: 2 }) });
  const text = fileText([innerMap('a/web', { ...place, key: 1 }, { 1: 9 })]);
  fixture.writeText('web.yaml', text.slice(0, text.length / 2));
  await fixture.reported(({ refusals }) => refusals.length > 0);
  return { agent, good: { [u32(1)]: u32Pairs({ 1: 1 }) } };
}

function declareMany(fixture: LoadedAgentFixture, outer: ReturnType<typeof outerMap>): void {
  fixture.write('outer.yaml', outer);
  for (const key of numbers()) {
    fixture.write(`map-${key}.yaml`, innerMap(`a/map-${key}`, { outerMap: 'tenants', key }, { 1: key }));
  }
}

function many(): Contents {
  return Object.fromEntries(numbers().map(key => [u32(key), u32Pairs({ 1: key })]));
}

function numbers(): readonly number[] {
  return Array.from({ length: MANY }, (_, at) => at + 1);
}

function isHeld({ state }: Report): boolean {
  return state.conditions.some(({ type, reason }) => type === 'Ready' && reason === 'RemovalHeld');
}
