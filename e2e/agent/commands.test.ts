import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { onField } from './support/loadedagent.ts';
import { innerMap, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { treeBelow } from './support/witness.ts';

const COMMANDS = ['agent', 'plan', 'validate', 'get', 'export', 'status', 'clean'];
const RULES = {
  type: 'Hash',
  maxEntries: 16,
  key: 'struct { __be16 port; __u8 proto; }',
  value: 'struct { enum { PASS = 1, DROP = 2 } action; __u64 packets; }',
  programOwned: ['packets'],
};
const TENANTS = outerMap('tenants', { key: 'ipv4', inner: RULES });
const WEB = innerMap(
  'a/web',
  { outerMap: 'tenants', key: '10.1.0.7' },
  {},
  {
    entries: [
      { key: { port: 443, proto: 6 }, value: { action: 'PASS' } },
      { key: { port: 53, proto: 17 }, value: { action: 'DROP' } },
    ],
  },
);

describe('innermap commands', () => {
  const field = onField();

  it('plan: 1 and a diff with changes, 0 without, 2 with manifests that are wrong; changes nothing', () => {
    field().write('maps.yaml', TENANTS, WEB);
    const before = treeBelow(field().bpffs);
    const changes = field().here('plan', field().manifests);
    expect(changes.code, changes.error).to.equal(1);
    expect(changes.out)
      .to.match(/^\+ .*tenants/m)
      .and.to.match(/^\+ .*10\.1\.0\.7/m);
    expect(treeBelow(field().bpffs), 'nothing was changed').to.deep.equal(before);
    const asJson = JSON.parse(field().here('plan', field().manifests, '-o', 'json').out);
    expect(asJson.steps.map(({ verb }: { verb: string }) => verb)).to.deep.equal([
      'record',
      'create',
      'pin',
      'insert',
    ]);
    expect(field().once().code).to.equal(0);
    const none = field().here('plan', field().manifests);
    expect([none.code, none.out], none.error).to.deep.equal([
      0,
      'Nothing to do: the kernel is as declared\n',
    ]);
    field().writeText('broken.yaml', 'kind: [');
    const wrong = field().here('plan', field().manifests);
    expect(wrong.code).to.equal(2);
    expect(wrong.error).to.match(/broken\.yaml:1:\d+/);
    expect(
      field().innermap('plan', join(field().directory, 'nowhere'), '--bpffs', field().bpffs).code,
    ).to.equal(2);
  });

  it('validate: places, fields and what would be right, without a kernel', () => {
    field().write('maps.yaml', TENANTS, WEB);
    const good = field().innermap('validate', field().manifests);
    expect(good.code, good.out).to.equal(0);
    expect(good.out).to.equal('1 file, 1 outer map, 1 inner map, 2 entries: no errors\n');
    field().writeText('wrong.yaml', wrongManifest());
    const wrong = field().innermap('validate', field().manifests);
    expect(wrong.code).to.equal(2);
    expect(wrong.out).to.match(/wrong\.yaml:6:\d+: error: .*spec\.entries\[0\].*action.*REJECT.*PASS.*DROP/);
    const { findings } = JSON.parse(field().innermap('validate', field().manifests, '-o', 'json').out);
    expect(findings[0]).to.include({ severity: 'error', file: join(field().manifests, 'wrong.yaml') });
  });

  it('get: outer maps, keys and entries of the kernel, as table, YAML and JSON', () => {
    field().write('maps.yaml', TENANTS, WEB);
    expect(field().once().code).to.equal(0);
    const [header, row] = field().here('get').out.split('\n');
    expect(header).to.match(/^NAME +TYPE +INNER +MAPS/);
    expect(row).to.match(/^tenants +HashOfMaps +Hash 4→16 +1 +1 +64 /);
    expect(field().here('get', 'tenants').out).to.include('10.1.0.7');
    const entries = field().here('get', 'tenants', '10.1.0.7').out;
    expect(entries).to.match(/443/).and.to.match(/PASS/).and.to.match(/DROP/);
    const asYaml = field().here('get', 'tenants', '10.1.0.7', '-o', 'yaml').out;
    expect(parseAllDocuments(asYaml)[0]?.toJS().spec).to.include({ outerMap: 'tenants', key: '10.1.0.7' });
    const asJson = JSON.parse(field().here('get', 'tenants', '10.1.0.7', '-o', 'json').out);
    expect(asJson.spec.entries ?? asJson.spec.table).to.have.length.above(1);
    expect(JSON.parse(field().here('get', '-o', 'json').out)[0]).to.include({
      name: 'tenants',
      maps: 1,
      ours: 1,
    });
    expect(field().here('get', 'tenents')).to.include({ code: 2 });
    expect(field().here('get', 'tenents').error).to.match(/Cannot find outer map tenents.*tenants/);
    expect(field().here('get', 'tenants', '10.9.9.9').code).to.equal(2);
  });

  it('get -o yaml, applied again, is what is there', () => {
    field().write('maps.yaml', TENANTS, WEB);
    expect(field().once().code).to.equal(0);
    const text = field().here('get', 'tenants', '10.1.0.7', '-o', 'yaml').out;
    field().write('maps.yaml', TENANTS);
    field().writeText('web.yaml', text);
    const plan = field().here('plan', field().manifests);
    expect([plan.code, plan.out], plan.error + text).to.deep.equal([
      0,
      'Nothing to do: the kernel is as declared\n',
    ]);
  });

  for (const [type, inner] of [
    ['hash', 'hash'],
    ['array', 'lpm_trie'],
    ['hash', 'percpu_array'],
  ] as const) {
    it(`export: a stranger’s ${type} of ${inner}, applied again, is an empty plan`, () => {
      const layout = ['--type', type, '--max', '8', '--inner', inner, '--inner-max', '4'];
      field().make('stranger', ...layout, '--inners', '2', '--entries', '3', '--stamp', '9');
      const before = field().contents('stranger');
      const exported = field().here('export', 'stranger');
      expect(exported.code, exported.error).to.equal(0);
      field().writeText('exported.yaml', exported.out);
      expect(field().innermap('validate', field().manifests).code).to.equal(0);
      const first = field().here('plan', field().manifests, '-o', 'json');
      const verbs = JSON.parse(first.out).steps.map(({ verb }: { verb: string }) => verb);
      expect(verbs, 'no inner map is written').to.deep.equal(['record', 'adopt']);
      expect(field().once().code).to.equal(0);
      const plan = field().here('plan', field().manifests);
      expect([plan.code, plan.out], plan.error).to.deep.equal([
        0,
        'Nothing to do: the kernel is as declared\n',
      ]);
      expect(field().contents('stranger')).to.deep.equal(before);
    });
  }

  it('status: the agent’s last report, 1 where something is not ready, 2 without a report', async () => {
    expect(field().innermap('status', '--report', field().report)).to.include({ code: 2, out: '' });
    field().write(
      'maps.yaml',
      outerMap('tenants'),
      innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 1: 1 }),
    );
    await field().started();
    const ready = field().innermap('status', '--report', field().report);
    expect(ready.code, ready.error).to.equal(0);
    expect(ready.out).to.match(/tenants +HashOfMaps +Hash +1 +1 +True +Programmed/);
    field().write('rival.yaml', innerMap('b/rival', { outerMap: 'tenants', key: 1 }, { 1: 2 }));
    await field().reported(({ innerMaps }) => innerMaps.length === 1);
    const rival = field().innermap('status', '--report', field().report);
    expect(rival.code).to.equal(1);
    expect(rival.out).to.match(/b\/rival +tenants +1 +KeyConflict/);
    const asJson = JSON.parse(field().innermap('status', '--report', field().report, '-o', 'json').out);
    expect(asJson).to.deep.equal(field().reportNow());
  });

  it('agent --once: one turn, its report as a table or JSON, 0 ready and 1 not', () => {
    field().write(
      'maps.yaml',
      outerMap('tenants'),
      innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 1: 1 }),
    );
    const { code, out } = field().once();
    expect(code).to.equal(0);
    expect(out)
      .to.match(/tenants +HashOfMaps/)
      .and.to.include('Ready');
    expect(field().contents('tenants')).to.deep.equal({ [u32(1)]: u32Pairs({ 1: 1 }) });
    expect(existsSync(field().report)).to.equal(true);
    field().write('lost.yaml', innerMap('a/lost', { outerMap: 'nowhere', key: 1 }, { 1: 1 }));
    const lost = field().once('-o', 'json');
    expect(lost.code).to.equal(1);
    expect(JSON.parse(lost.out).innerMaps[0]).to.include({ name: 'lost', reason: 'OuterMapNotFound' });
  });

  it('agent on a folder that does not exist yet: says so, and fills from it once it is there', async () => {
    const folder = join(field().directory, 'later');
    const agent = field().start({ options: ['--manifests', folder] });
    expect(await agent.said(/later/)).to.match(/does not exist|ENOENT/);
    mkdirSync(folder);
    writeFileSync(join(folder, 'maps.json'), JSON.stringify(outerMap('late')));
    await field().holds('late', {});
  });

  it('every command has a help with examples, and says what is wrong with its words', () => {
    expect(field().innermap('--help').out).to.match(new RegExp(COMMANDS.join('[\\s\\S]*')));
    for (const command of COMMANDS) {
      const { code, out } = field().innermap(command, '--help');
      expect([code, out.includes('Examples')], `${command}: ${out}`).to.deep.equal([0, true]);
      const wrong = field().innermap(command, '--bpfs', 'x');
      expect(wrong.code, command).to.equal(2);
      expect(wrong.error).to.include('--bpfs').and.to.include('--help');
    }
    expect(field().innermap().code).to.equal(2);
    expect(field().innermap('plna').error).to.match(/plna.*plan/);
    expect(field().innermap('--version').out).to.match(/^innermap \d+\.\d+\.\d+\n$/);
  });
});

/** The enum has no REJECT. */
function wrongManifest(): string {
  return `apiVersion: innermap.io/v1alpha1
kind: InnerMap
metadata: {name: wrong, namespace: a}
spec:
  outerMap: tenants
  entries: [{key: {port: 1, proto: 6}, value: {action: REJECT}}]
  key: 10.1.0.8
`;
}
