import { expect } from 'chai';
import { AgentFixture } from '../agent/testing/fixture.ts';
import { HASH, HASH_OF_MAPS, key } from './testing/exports.ts';
import { entriesOf } from './testing/foreign.ts';
import { MachineFixture, tenants } from './testing/machinefixture.ts';

const ROOT = '/sys/fs/bpf';

describe('get', () => {
  it('in a container names pins where programs of the node find them', async () => {
    const fixture = new MachineFixture();
    const onNode = ['--bpffs-on-node', '/run/bpf'];
    expect((await fixture.commands.run('get', ...onNode)).out).to.match(/none in \/run\/bpf\n$/);
    await fixture.agent(tenants().outer('limits', { type: 'ArrayOfMaps', maxEntries: 8 }));
    const { out } = await fixture.commands.run('get', ...onNode);
    expect(out).to.contain('/run/bpf/innermap/limits/outer\n').and.contain('/run/bpf/xdp/tenants\n');
    expect(out).not.to.contain(ROOT);
    expect((await fixture.commands.run('get', 'limits', ...onNode)).out).to.contain(
      'limits in /run/bpf is empty',
    );
    const { code, error } = await fixture.commands.run('get', 'nothing', ...onNode);
    expect(code).to.equal(2);
    expect(error).to.contain(' in /run/bpf/innermap: ');
  });

  it('without arguments lists the outer maps of the ledger', async () => {
    const fixture = new MachineFixture();
    expect((await fixture.commands.run('get')).out).to.equal(
      `No outer maps: this operator has made and adopted none in ${ROOT}\n`,
    );
    await fixture.agent(tenants().outer('limits', { type: 'ArrayOfMaps', maxEntries: 8 }));
    const { code, out } = await fixture.commands.run('get');
    expect(code).to.equal(0);
    const rows = out.split('\n').map(line => line.split(/ {3,}/).map(cell => cell.trim()));
    expect(rows[0]).to.deep.equal(['NAME', 'TYPE', 'INNER', 'MAPS', 'OURS', 'MAX', 'ID', 'PROVISION', 'PIN']);
    expect(rows[1]!.toSpliced(6, 1)).to.deep.equal([
      'limits',
      'ArrayOfMaps',
      'Hash 4→4',
      '0',
      '0',
      '8',
      'Create',
      `${ROOT}/innermap/limits/outer`,
    ]);
    expect(rows[2]!.toSpliced(6, 1)).to.deep.equal([
      'tenants',
      'HashOfMaps',
      'Hash 4→16',
      '2',
      '2',
      '64',
      'Create',
      `${ROOT}/xdp/tenants`,
    ]);
  });

  it('says how many inner maps those of equal contents are, and that they are one', async () => {
    const fixture = new MachineFixture();
    const equal = tenants().outer('limits');
    const third = [5, 6].reduce((all, key) => all.inner(`a/m${key}`, 'limits', key, { 1: 1 }), equal);
    await fixture.agent(third.inner('a/m7', 'limits', 7, { 1: 2 }));
    expect((await fixture.commands.run('get')).out).to.match(/^limits .* {3}3 \(2 distinct\) {3}3 {3}/m);
    const listed = JSON.parse((await fixture.commands.run('get', '-o', 'json')).out) as object[];
    expect(listed[0]).to.include({ name: 'limits', maps: 3, distinct: 2, ours: 3 });
    const keys = JSON.parse((await fixture.commands.run('get', 'limits', '-o', 'json')).out) as {
      readonly id: number;
    }[];
    expect(keys[0]!.id).to.equal(keys[1]!.id);
    expect(keys.map(({ id }) => id === keys[0]!.id)).to.deep.equal([true, true, false]);
    expect((await fixture.commands.run('get', 'limits', '6')).out).to.match(/^1 +1$/m);
  });

  it('OUTER lists its keys in order, with what is ours and frozen', async () => {
    const fixture = new MachineFixture();
    await fixture.agent(tenants());
    const { out } = await fixture.commands.run('get', 'tenants', '-o', 'json');
    const keys = JSON.parse(out) as { id: number }[];
    expect(keys.map(({ id: _, ...rest }) => rest)).to.deep.equal([
      { key: '10.1.0.2', entries: 0, maxEntries: 32, ours: true, frozen: true },
      { key: '10.1.0.7', entries: 2, maxEntries: 16, ours: true, frozen: false },
    ]);
    expect((await fixture.commands.run('get', 'tenants')).out).to.match(
      /^KEY +ID +ENTRIES +MAX +OURS +FROZEN\n10\.1\.0\.2 +\d+ +0 +32 +yes +yes\n/,
    );
  });

  for (const [type, shown] of [
    ['Hash', '0'],
    ['PerCPUHash', '-'],
  ] as const)
    it(`OUTER shows foreign ${type} too; without CAP_SYS_ADMIN what their outer map shows of them`, async () => {
      const fixture = new MachineFixture({ capabilities: { sysAdmin: false } });
      await fixture.foreign({
        pin: `${ROOT}/t`,
        outer: HASH_OF_MAPS,
        template: { ...HASH, type },
        maps: [{ key: key(9, 0, 0, 0), entries: entriesOf({ key: 4, value: 8 }, []) }],
      });
      const inner = { type, maxEntries: 16, key: 'u32', value: 'u64' };
      const adopting = new AgentFixture().outer('t', { pin: 't', provision: 'Adopt', inner });
      await fixture.agent(adopting.inner('a/web', 't', 1, { 5: 6 }));
      const { out, error } = await fixture.commands.run('get', 't');
      expect(out)
        .to.match(/^1 +\d+ +1 +16 +yes +no$/m)
        .and.match(new RegExp(`^9 +\\d+ +${shown} +- +no +-$`, 'm'));
      if (shown === '-') expect(error).to.match(/^Note: 1 of 2 inner maps could not be read: .*EPERM/);
      else expect(error).to.equal('');
    });

  it('OUTER KEY decodes entries by the declared types', async () => {
    const fixture = new MachineFixture();
    await fixture.agent(tenants());
    const { out } = await fixture.commands.run('get', 'tenants', '10.1.0.7');
    expect(out.split('\n').toSorted()).to.deep.equal([
      '',
      'KEY                VALUE',
      'port=443,proto=6   action=1,packets=0',
      'port=53,proto=17   action=2,packets=7',
    ]);
  });

  it('OUTER KEY -o yaml is an InnerMap', async () => {
    const fixture = new MachineFixture();
    await fixture.agent(tenants());
    const { out } = await fixture.commands.run('get', 'tenants', '10.1.0.2', '-o', 'yaml');
    expect(out).to.equal(
      'apiVersion: innermap.io/v1alpha1\nkind: InnerMap\nmetadata:\n  name: tenants-10.1.0.2\nspec:\n  outerMap: tenants\n' +
        '  key: "10.1.0.2"\n  maxEntries: 32\n  sealed: true\n',
    );
  });

  it('shows one value per CPU', async () => {
    const fixture = new MachineFixture();
    const inner = { type: 'PerCPUArray', maxEntries: 3, key: 'u32', value: 'u32' };
    await fixture.agent(
      new AgentFixture()
        .outer('limits', { inner })
        .inner('a/web', 'limits', 1, { 1: [5, 6] as unknown as object }),
    );
    expect((await fixture.commands.run('get', 'limits', '1')).out).to.equal('KEY   VALUE\n1     [5,6]\n');
  });

  it('without declarations shows bytes, and says so', async () => {
    const fixture = new MachineFixture();
    await fixture.agent(tenants());
    const kernel = fixture.kernel();
    kernel.pins.writeRecord(
      `${ROOT}/innermap/tenants/spec`,
      JSON.stringify({ version: 1, layoutDigest: 'x', provision: 'Create' }),
    );
    const { out, error } = await fixture.commands.run('get', 'tenants');
    expect(out).to.contain('0a010007');
    expect(error).to.match(/^Note: The record of tenants declares no such key/);
    const shown = await fixture.commands.run('get', 'tenants', '0a010007');
    expect(shown.error).to.contain('holds no declarations: keys and values are shown as hexadecimal bytes');
    expect(shown.out)
      .to.contain('00000000')
      .and.match(/^[^\n]+\n/);
  });

  it('says what is wrong with an unknown outer map, an absent key, a key of another type', async () => {
    const fixture = new MachineFixture();
    await fixture.agent(tenants());
    expect((await fixture.commands.run('get', 'tenant')).error).to.equal(
      `Error: Cannot find outer map tenant in ${ROOT}/innermap: there are tenants, did you mean tenants?\n`,
    );
    expect((await fixture.commands.run('get', 'tenants', '10.1.0.9')).error).to.equal(
      'Error: Cannot find key 10.1.0.9 in outer map tenants: `innermap get tenants` lists its keys\n',
    );
    expect((await fixture.commands.run('get', 'tenants', 'x')).error).to.match(
      /^Error: Cannot read key x of outer map tenants: /,
    );
  });

  it('an outer map whose ledger pin is gone: says so, lists it without an id', async () => {
    const fixture = new MachineFixture();
    await fixture.agent(tenants());
    fixture.kernel().pins.unlink(`${ROOT}/innermap/tenants/outer`);
    expect((await fixture.commands.run('get', 'tenants')).error).to.match(
      /^Error: Cannot read outer map tenants: nothing is pinned at/,
    );
    expect((await fixture.commands.run('get')).out).to.match(/^tenants +- /m);
  });

  it('changes nothing', async () => {
    const fixture = new MachineFixture();
    await fixture.agent(tenants());
    const before = fixture.machine.mutations;
    for (const args of [['get'], ['get', 'tenants'], ['get', 'tenants', '10.1.0.7']])
      await fixture.commands.run(...args);
    expect(fixture.machine.mutations).to.equal(before);
  });
});
