import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import type { Report } from '../../operator/core/report/report.ts';
import { type LoadedAgentFixture, onField } from './support/loadedagent.ts';
import { fileText, innerMap, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { type Contents, treeBelow } from './support/witness.ts';

/** More than the ten that may always go. */
const MANY = 12;

describe('agent, when manifests vanish', () => {
  const field = onField();

  it('removes nothing of a folder emptied by mistake: held with a token, in the report and in the log', async () => {
    declareMany(field(), outerMap('tenants', { deletionPolicy: 'Delete' }));
    const agent = await field().started();
    const before = treeBelow(field().bpffs);
    for (const file of readdirSync(field().manifests)) field().erase(file);
    const token = /token ([0-9a-f]+)/.exec(await agent.said(/RemovalHeld/))?.[1];
    const report = await field().reported(isHeld);
    expect(report.state.conditions[0]?.message).to.include(`token ${token}`);
    await agent.end();
    expect(field().once().code, 'the next start holds it too').to.equal(1);
    expect(field().contents('tenants')).to.deep.equal(many());
    expect(treeBelow(field().bpffs)).to.deep.equal(before);
    expect(field().once('--release-removal', token!).code).to.equal(0);
    expect(treeBelow(field().bpffs)).to.deep.equal(['innermap/']);
  });

  it('holds the removal of too many keys at once; --release-removal with its token lets them go', async () => {
    declareMany(field(), outerMap('tenants'));
    const agent = await field().started();
    for (const key of numbers()) field().erase(`map-${key}.yaml`);
    expect(await agent.said(/RemovalHeld/)).to.include('12 of 12 keys');
    const { state, outerMaps } = await field().reported(isHeld);
    const { keys, token } = state.outerMaps[0]?.heldRemoval ?? {};
    expect(keys).to.equal(MANY);
    expect(outerMaps[0]).to.include({ ready: false, reason: 'RemovalHeld' });
    expect(field().contents('tenants')).to.deep.equal(many());
    await agent.end();
    expect(field().once('--release-removal', 'f00d').code, 'another token').to.equal(1);
    expect(field().contents('tenants')).to.deep.equal(many());
    await field().started({ options: ['--release-removal', token!] });
    expect(field().contents('tenants')).to.deep.equal({});
  });

  it('lets a held removal go when maxRemoval is raised, or when the manifests are back', async () => {
    declareMany(field(), outerMap('tenants'));
    const agent = await field().started();
    for (const key of numbers()) field().erase(`map-${key}.yaml`);
    await field().reported(isHeld);
    declareMany(field(), outerMap('tenants'));
    await agent.said(/as declared again/);
    expect(field().contents('tenants')).to.deep.equal(many());
    for (const key of numbers()) field().erase(`map-${key}.yaml`);
    await field().reported(isHeld);
    field().write('outer.yaml', outerMap('tenants', { maxRemoval: '100%' }));
    await field().holds('tenants', {});
  });

  it('keeps everything of a folder that is emptied, where nothing says Delete', async () => {
    declareMany(field(), outerMap('tenants'));
    await field().started();
    const before = treeBelow(field().bpffs);
    for (const file of readdirSync(field().manifests)) field().erase(file);
    await field().reported(({ outerMaps }) => outerMaps.length === 0);
    expect(treeBelow(field().bpffs)).to.deep.equal(before);
    expect(field().contents('tenants')).to.deep.equal(many());
  });

  it('keeps what a file declared when it stops parsing, goes on with the others, and tells the place', async () => {
    const { good, agent } = await brokenAfterwards(field());
    expect(await agent.said(/web\.yaml:\d+:\d+/)).to.be.a('string');
    field().write('mail.yaml', innerMap('a/mail', { outerMap: 'tenants', key: 2 }, { 1: 3 }));
    await field().holds('tenants', { ...good, [u32(2)]: u32Pairs({ 1: 3 }) });
    field().erase('mail.yaml');
    await field().holds('tenants', good);
    field().write('web.yaml', innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 1: 9 }));
    await field().holds('tenants', { [u32(1)]: u32Pairs({ 1: 9 }) });
    await agent.said(/as declared again/);
  });

  it('removes nothing at a start with a file that does not parse: nobody knows what it declares', async () => {
    const { good, agent } = await brokenAfterwards(field());
    await agent.end();
    field().erase('mail.yaml');
    const again = field().start({ options: ['--resync', '200ms'] });
    await again.said(/web\.yaml:\d+:\d+/);
    const { state, refusals } = await field().reported(report => report.refusals.length > 0);
    expect(state.conditions[0]).to.include({ type: 'Ready', status: 'False', reason: 'Pending' });
    expect(refusals[0]?.origin).to.match(/web\.yaml:\d+:\d+$/);
    await field().reported(report => report.state.outerMaps.length === 1);
    expect(field().contents('tenants')).to.deep.equal({ ...good, [u32(2)]: u32Pairs({ 1: 2 }) });
    field().write('web.yaml', innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 1: 1 }));
    await field().holds('tenants', good);
  });
});

/** An OuterMap and an InnerMap each in a file of its own; then `web.yaml` is broken. */
async function brokenAfterwards(field: LoadedAgentFixture) {
  const place = { outerMap: 'tenants' };
  field.write('outer.yaml', outerMap('tenants'));
  field.write('web.yaml', innerMap('a/web', { ...place, key: 1 }, { 1: 1 }));
  const agent = await field.started();
  field.write('mail.yaml', innerMap('a/mail', { ...place, key: 2 }, { 1: 2 }));
  await field.holds('tenants', { [u32(1)]: u32Pairs({ 1: 1 }), [u32(2)]: u32Pairs({ 1: 2 }) });
  const text = fileText([innerMap('a/web', { ...place, key: 1 }, { 1: 9 })]);
  field.writeText('web.yaml', text.slice(0, text.length / 2));
  await field.reported(({ refusals }) => refusals.length > 0);
  return { agent, good: { [u32(1)]: u32Pairs({ 1: 1 }) } };
}

function declareMany(field: LoadedAgentFixture, outer: ReturnType<typeof outerMap>): void {
  field.write('outer.yaml', outer);
  for (const key of numbers()) {
    field.write(`map-${key}.yaml`, innerMap(`a/map-${key}`, { outerMap: 'tenants', key }, { 1: key }));
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
