import { expect } from 'chai';
import type { Report } from '../../operator/core/report/report.ts';
import { useLoadedAgent } from './support/loadedagent.ts';
import { innerMap, type Manifest, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { treeBelow } from './support/witness.ts';

const MANY = 10_000;
const TENANTS = outerMap('tenants', {
  key: 'ipv4',
  inner: { type: 'Hash', maxEntries: 16_384, key: 'u32', value: 'u16' },
  access: [{ namespaces: ['team-*'], keys: ['10.1.0.0/16'] }, { namespaces: ['ops'] }],
});
const GOOD = { '0a010001': { [u32(1)]: '0100' } };

describe('agent on wrong declarations', () => {
  const fixture = useLoadedAgent();

  it('10 bad entries among 10,000: InvalidEntries tells index, field, value and why; the last good content stays', async () => {
    fixture().write('outer.yaml', TENANTS);
    fixture().write('good.yaml', inner('team-a/good', '10.1.0.1', { 1: 1 }));
    fixture().write('big.yaml', inner('team-a/big', '10.1.0.2', { 7: 7 }));
    const agent = await fixture().started();
    fixture().write('big.yaml', bigMap(10));
    await agent.said(/InvalidEntries/);
    const { innerMaps, outerMaps } = await fixture().reported(tells('InvalidEntries'));
    const message = innerMaps[0]?.message ?? '';
    for (let at = 0; at < 10; at++) {
      expect(message).to.match(
        new RegExp(`big\\.yaml:\\d+:\\d+: spec\\.entries\\[${at * 1000}\\]\\.value: .*70000`),
      );
    }
    expect(message).to.match(/65535/);
    expect(outerMaps[0]).to.include({ innerMaps: 1, ready: false });
    expect(fixture().contents('tenants')).to.deep.equal({ ...GOOD, '0a010002': { [u32(7)]: '0700' } });
    fixture().write('big.yaml', bigMap(0));
    await agent.said(/as declared again/);
    expect(Object.keys(fixture().contents('tenants')['0a010002']!)).to.have.length(MANY);
  });

  it('lists the first ten of more, and says how many there are', async () => {
    fixture().write('maps.yaml', TENANTS, inner('team-a/good', '10.1.0.1', { 1: 1 }), bigMap(25));
    fixture().start();
    const { innerMaps } = await fixture().reported(tells('InvalidEntries'));
    expect(innerMaps[0]?.message.match(/spec\.entries\[/g)).to.have.length(10);
    expect(innerMaps[0]?.message).to.match(/and 15 more/);
    await fixture().holds('tenants', GOOD);
  });

  it('gives each wrong InnerMap its reason, and programs the right ones', async () => {
    fixture().write(
      'maps.yaml',
      TENANTS,
      inner('team-a/good', '10.1.0.1', { 1: 1 }),
      inner('team-b/rival', '10.1.0.1', { 1: 2 }),
      inner('team-a/forbidden', '10.2.0.1', { 1: 1 }),
      inner('guest/forbidden', '10.1.0.9', { 1: 1 }),
      inner('ops/allowed', '10.2.0.1', { 1: 1 }),
      inner('team-a/unreadable', '10.1.0.300', { 1: 1 }),
      inner('team-a/many', '10.1.0.3', { 1: 1, 2: 2 }, { maxEntries: 1 }),
      innerMap('team-a/lost', { outerMap: 'tenents', key: 1 }, { 1: 1 }),
    );
    fixture().start();
    const { innerMaps } = await fixture().reported(tells('KeyConflict'));
    const lots = Object.fromEntries(
      innerMaps.map(({ namespace, name, reason, message }) => [
        `${namespace}/${name}`,
        `${reason}: ${message}`,
      ]),
    );
    expect(lots['team-b/rival']).to.match(/^KeyConflict: .*10\.1\.0\.1 .*team-a\/good/);
    expect(lots['team-a/forbidden']).to.match(/^KeyNotAllowed: .*10\.2\.0\.1/);
    expect(lots['guest/forbidden']).to.match(/^KeyNotAllowed: .*guest/);
    expect(lots['team-a/unreadable']).to.match(/^InvalidKey: .*10\.1\.0\.300/);
    expect(lots['team-a/many']).to.match(/^TooManyEntries: /);
    expect(lots['team-a/lost']).to.match(/^OuterMapNotFound: .*tenents/);
    expect(Object.keys(lots)).to.have.length(6);
    await fixture().holds('tenants', { ...GOOD, '0a020001': { [u32(1)]: '0100' } });
  });

  it('hands a contested key to the other once its owner is gone', async () => {
    fixture().write('first.yaml', TENANTS, inner('team-a/good', '10.1.0.1', { 1: 1 }));
    fixture().write('second.yaml', inner('team-b/rival', '10.1.0.1', { 1: 2 }));
    const agent = fixture().start();
    await agent.said(/KeyConflict/);
    await fixture().holds('tenants', GOOD);
    fixture().write('first.yaml', TENANTS);
    await fixture().holds('tenants', { '0a010001': { [u32(1)]: '0200' } });
  });

  it('refuses unknown types, inner types and flags with their place, and goes on with the others', async () => {
    fixture().write('type.yaml', outerMap('typed', { key: 'uint33_t' }));
    fixture().write(
      'inner.yaml',
      outerMap('inner', { inner: { type: 'Hashh', maxEntries: 1, key: 'u32', value: 'u32' } }),
    );
    fixture().write('flags.yaml', outerMap('flags', { flags: ['NoPreallocc'] }));
    fixture().write('layout.yaml', outerMap('indexed', { type: 'ArrayOfMaps', key: 'u64' }));
    fixture().write('good.yaml', outerMap('good'), innerMap('a/web', { outerMap: 'good', key: 1 }, { 1: 1 }));
    fixture().start();
    const { refusals } = await fixture().reported(report => report.refusals.length >= 4);
    const refusalOf = (file: string) => refusals.find(({ origin }) => origin.includes(`/${file}.yaml:`));
    expect(refusalOf('type')?.message).to.match(/OuterMap typed: spec\.key: .*uint33_t/);
    expect(refusalOf('inner')?.message).to.match(/spec\.inner\.type: .*Hashh.*Hash/);
    expect(refusalOf('flags')?.message).to.match(/spec\.flags\[0\]: .*NoPreallocc.*NoPrealloc/);
    expect(refusalOf('layout')?.message).to.match(/spec\.key: .*u32.*ArrayOfMaps.*u64/);
    for (const { origin } of refusals) expect(origin).to.match(/\.yaml:\d+:\d+$/);
    await fixture().holds('good', { [u32(1)]: u32Pairs({ 1: 1 }) });
  });

  it('tells what the kernel says of an outer map that it does not make, and goes on with the others', async () => {
    fixture().write('good.yaml', outerMap('good'), innerMap('a/web', { outerMap: 'good', key: 1 }, { 1: 1 }));
    const inner = { type: 'Hash', maxEntries: 2 ** 31, key: 'u32', value: 'u32' };
    fixture().write(
      'huge.yaml',
      outerMap('huge', { inner }),
      innerMap('a/lost', { outerMap: 'huge', key: 1 }),
    );
    fixture().start();
    const { outerMaps, innerMaps } = await fixture().reported(tells('KernelError'));
    const message = 'Cannot create the template of huge: E2BIG';
    expect(outerMaps.find(({ name }) => name === 'huge')?.message).to.include(message);
    expect(innerMaps[0]?.message).to.include(message);
    await fixture().holds('good', { [u32(1)]: u32Pairs({ 1: 1 }) });
    expect(treeBelow(fixture().bpffs), 'no pin where there is no map').to.not.include('huge');
  });
});

function inner(
  name: string,
  key: string,
  pairs: Readonly<Record<number, number>>,
  spec: object = {},
): Manifest {
  return innerMap(name, { outerMap: 'tenants', key }, pairs, spec);
}

/** 10,000 entries, the first `bad` of every thousandth (or hundredth) beyond a u16. */
function bigMap(bad: number): Manifest {
  const step = bad > 10 ? MANY / 100 : MANY / 10;
  const wrong = new Set(Array.from({ length: bad }, (_, at) => at * step));
  const entries = Array.from({ length: MANY }, (_, key) => ({
    key,
    value: wrong.has(key) ? 70_000 : key % 60_000,
  }));
  return inner('team-a/big', '10.1.0.2', {}, { entries });
}

function tells(reason: string): (report: Report) => boolean {
  return ({ innerMaps }) => innerMaps.some(each => each.reason === reason);
}
