import { existsSync, readlinkSync } from 'node:fs';
import { expect } from 'chai';
import { bpftool, idAt } from '../../native/stage.ts';
import { type LoadedAgentFixture, NO_RESYNC, useLoadedAgent } from './support/loadedagent.ts';
import { innerMap, type Manifest, outerMap, u32 } from './support/manifests.ts';
import { eventually, type Running } from './support/process.ts';
import { idsIn, treeBelow } from './support/witness.ts';

const RULE = 'struct { __u8 action; __u32 hits; }';

function structs(inner: object = {}): Manifest {
  return outerMap('tenants', {
    inner: { type: 'Hash', maxEntries: 16, key: 'u32', value: RULE, ...inner },
  });
}

function annotated(manifest: Manifest, token: string): Manifest {
  return {
    ...manifest,
    metadata: { ...(manifest['metadata'] as object), annotations: { 'innermap.io/recreate': token } },
  };
}

const web = (spec: object = {}) =>
  innerMap('a/web', { outerMap: 'tenants', key: 7 }, { 1: { action: 1 } }, spec);

/** A value as a program writes it whole: one byte, three bytes of padding, a count. */
const value = (action: number, padding: string, hits: number) =>
  `${Buffer.of(action).toString('hex')}${padding.repeat(3)}${u32(hits)}`;

/** Into the inner map at a key, where its agent has pinned it. */
function write(fixture: LoadedAgentFixture, key: number, bytes: string): void {
  bpftool('update', fixture.pin(`innermap/tenants/inner/${u32(key)}`), u32(1), bytes);
}

/** Looks the key up through the pin, again and again, as a program's user space does at its start. */
function reader(fixture: LoadedAgentFixture): Running {
  const key = '07 00 00 00';
  const look = `bpftool map lookup pinned ${fixture.pin('tenants')} key hex ${key} >/dev/null 2>&1`;
  return fixture.launch(['sh', '-c', `while :; do if ${look}; then echo there; else echo missing; fi; done`]);
}

async function tokenOf(agent: Running): Promise<string> {
  return /innermap\.io\/recreate: ([0-9a-f]{12})/.exec(await agent.said(/LayoutMismatch/))![1]!;
}

describe('agent, and layouts', () => {
  const fixture = useLoadedAgent();

  it('a change of programOwned leaves the map as it is; what is declared by it counts at once', async () => {
    fixture().write('maps.yaml', structs({ programOwned: ['hits'] }), web());
    const agent = await fixture().started({ options: NO_RESYNC });
    const outer = idAt(fixture().pin('tenants'));
    write(fixture(), 7, value(1, '00', 9));
    fixture().write('maps.yaml', structs(), web());
    await fixture().holds('tenants', { [u32(7)]: { [u32(1)]: value(1, '00', 0) } });
    const inner = idsIn(fixture().pin('tenants')).get(u32(7));
    fixture().write('maps.yaml', structs({ programOwned: ['hits'] }), web());
    await eventually('the record is written anew', () =>
      readlinkSync(fixture().pin('innermap/tenants/spec')).includes('"programOwned":["hits"]'),
    );
    expect(agent.log).to.not.include('LayoutMismatch');
    expect([idAt(fixture().pin('tenants')), idsIn(fixture().pin('tenants')).get(u32(7))]).to.deep.equal([
      outer,
      inner,
    ]);
  });

  it('padding that a program wrote is no drift; an entry that is repaired beside it gets zeros there', async () => {
    const other = innerMap('a/other', { outerMap: 'tenants', key: 8 }, { 1: { action: 1 } });
    fixture().write('maps.yaml', structs({ programOwned: ['hits'] }), web(), other);
    const agent = fixture().start({ options: ['--resync', '1s', '--content-resync', '1s'] });
    const clean = { [u32(1)]: value(1, '00', 0) };
    await fixture().holds('tenants', { [u32(7)]: clean, [u32(8)]: clean });
    write(fixture(), 7, value(1, 'aa', 9));
    // What is repaired in one inner map tells that all were read
    write(fixture(), 8, value(5, 'aa', 9));
    const repaired = { [u32(1)]: value(1, '00', 9) };
    await fixture().holds('tenants', { [u32(7)]: { [u32(1)]: value(1, 'aa', 9) }, [u32(8)]: repaired });
    const { state } = await fixture().reported(report => report.state.drift.found > 0);
    expect(state.drift).to.include({ found: 1, repaired: 1 });
    expect(agent.isOver).to.equal(false);
  });

  it('another layout, by its token: a new map with all in it is at the pin at once, and nothing is left of the old', async () => {
    fixture().write('maps.yaml', structs(), web());
    const agent = await fixture().started({ options: NO_RESYNC });
    const before = idAt(fixture().pin('tenants'));
    const looking = reader(fixture());
    await looking.printed(/there/);
    const wider = structs({ value: 'struct { __u8 action; __u64 hits; }' });
    fixture().write('maps.yaml', wider, web());
    const token = await tokenOf(agent);
    expect(idAt(fixture().pin('tenants'))).to.equal(before);
    fixture().write('maps.yaml', annotated(wider, token), web());
    await fixture().holds('tenants', { [u32(7)]: { [u32(1)]: `01${'00'.repeat(15)}` } });
    await fixture().reported(({ outerMaps }) => outerMaps[0]?.ready === true);
    const after = idAt(fixture().pin('tenants'));
    expect(after).to.not.equal(before);
    expect(idAt(fixture().pin('innermap/tenants/outer'))).to.equal(after);
    const { out } = await looking.end('SIGKILL');
    expect(out).to.not.include('missing');
    expect(treeBelow(fixture().pin('innermap/tenants')).filter(path => path.endsWith('-new'))).to.deep.equal(
      [],
    );
    fixture().write('maps.yaml', wider, web());
    await fixture().endAll();
    const { code, error } = fixture().once();
    expect(code, error).to.equal(0);
    expect(idAt(fixture().pin('tenants'))).to.equal(after);
  });

  it('an OuterMap renamed without a gap: both are there until the program looks at the new pin', async () => {
    const renamed = outerMap('customers', {
      inner: { type: 'Hash', maxEntries: 16, key: 'u32', value: RULE },
    });
    fixture().write('maps.yaml', structs(), web());
    await fixture().started({ options: NO_RESYNC });
    const copy = innerMap('a/web-customers', { outerMap: 'customers', key: 7 }, { 1: { action: 1 } });
    fixture().write('more.yaml', renamed, copy);
    const contents = { [u32(7)]: { [u32(1)]: value(1, '00', 0) } };
    await fixture().holds('customers', contents);
    expect(fixture().contents('tenants')).to.deep.equal(contents);
    const deleting = structs();
    fixture().write('maps.yaml', {
      ...deleting,
      spec: { ...(deleting['spec'] as object), deletionPolicy: 'Delete' },
    });
    await fixture().reported(({ innerMaps, outerMaps }) => outerMaps.length === 2 && innerMaps.length === 0);
    await fixture().holds('tenants', {});
    fixture().erase('maps.yaml');
    await fixture().reported(({ outerMaps }) => outerMaps.length === 1);
    expect(existsSync(fixture().pin('tenants'))).to.equal(false);
    expect(fixture().contents('customers')).to.deep.equal(contents);
  });

  it('an InnerMap renamed in one file: the key is there all along', async () => {
    fixture().write('maps.yaml', structs(), web());
    await fixture().started({ options: NO_RESYNC });
    const looking = reader(fixture());
    await looking.printed(/there/);
    const site = innerMap('b/site', { outerMap: 'tenants', key: 7 }, { 1: { action: 2 } });
    fixture().write('maps.yaml', structs(), site);
    await fixture().holds('tenants', { [u32(7)]: { [u32(1)]: value(2, '00', 0) } });
    await fixture().reported(
      ({ innerMaps, outerMaps }) => innerMaps.length === 0 && outerMaps[0]?.ready === true,
    );
    const { out } = await looking.end('SIGKILL');
    expect(out).to.not.include('missing');
  });
});
