import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { run } from '../../native/stage.ts';
import { useLoadedAgent } from './support/loadedagent.ts';
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
  const fixture = useLoadedAgent();

  it('plan: 1 and a diff with changes, 0 without, 2 with manifests that are wrong; changes nothing', () => {
    fixture().write('maps.yaml', TENANTS, WEB);
    const before = treeBelow(fixture().bpffs);
    const changes = fixture().here('plan', fixture().manifests);
    expect(changes.code, changes.error).to.equal(1);
    expect(changes.out)
      .to.match(/^\+ .*tenants/m)
      .and.to.match(/^\+ .*10\.1\.0\.7/m);
    expect(treeBelow(fixture().bpffs), 'nothing was changed').to.deep.equal(before);
    const asJson = JSON.parse(fixture().here('plan', fixture().manifests, '-o', 'json').out);
    expect(asJson.steps.map(({ verb }: { verb: string }) => verb)).to.deep.equal([
      'record',
      'create',
      'pin',
      'insert',
    ]);
    expect(fixture().once().code).to.equal(0);
    const none = fixture().here('plan', fixture().manifests);
    expect([none.code, none.out], none.error).to.deep.equal([
      0,
      'Nothing to do: the kernel is as declared\n',
    ]);
    fixture().writeText('broken.yaml', 'kind: [');
    const wrong = fixture().here('plan', fixture().manifests);
    expect(wrong.code).to.equal(2);
    expect(wrong.error).to.match(/broken\.yaml:1:\d+/);
    expect(
      fixture().innermap('plan', join(fixture().directory, 'nowhere'), '--bpffs', fixture().bpffs).code,
    ).to.equal(2);
  });

  it('plan: 2 where an agent would refuse, told once, in JSON too; status tells a mistake once', () => {
    fixture().write('maps.yaml', TENANTS, WEB);
    expect(fixture().once().code).to.equal(0);
    fixture().write(
      'maps.yaml',
      { ...TENANTS, spec: { ...(TENANTS['spec'] as object), maxEntries: 77 } },
      WEB,
    );
    const plan = fixture().here('plan', fixture().manifests);
    expect([plan.code, plan.out], plan.error).to.deep.equal([2, '0 changes, 1 refused\n']);
    expect(plan.error).to.match(/^OuterMap tenants: LayoutMismatch, .+\n$/);
    const { refusals, steps } = JSON.parse(fixture().here('plan', fixture().manifests, '-o', 'json').out);
    expect([refusals.length, steps]).to.deep.equal([1, []]);
    expect(refusals[0].message).to.match(/^LayoutMismatch, /);
    const told = fixture().once();
    expect(told.code).to.equal(1);
    expect(told.out.split(refusals[0].message.slice('LayoutMismatch, '.length)), told.out).to.have.length(2);
  });

  it('validate: places, fields and what would be right, without a kernel', () => {
    fixture().write('maps.yaml', TENANTS, WEB);
    const good = fixture().innermap('validate', fixture().manifests);
    expect(good.code, good.out).to.equal(0);
    expect(good.out).to.equal('1 file, 1 outer map, 1 inner map, 2 entries: no errors\n');
    fixture().writeText('wrong.yaml', wrongManifest());
    const wrong = fixture().innermap('validate', fixture().manifests);
    expect(wrong.code).to.equal(2);
    expect(wrong.out).to.match(/wrong\.yaml:6:\d+: error: .*spec\.entries\[0\].*action.*REJECT.*PASS.*DROP/);
    const { findings } = JSON.parse(fixture().innermap('validate', fixture().manifests, '-o', 'json').out);
    expect(findings[0]).to.include({ severity: 'error', file: join(fixture().manifests, 'wrong.yaml') });
  });

  it('get: outer maps, keys and entries of the kernel, as table, YAML and JSON', () => {
    fixture().write('maps.yaml', TENANTS, WEB);
    expect(fixture().once().code).to.equal(0);
    const [header, row] = fixture().here('get').out.split('\n');
    expect(header).to.match(/^NAME +TYPE +INNER +MAPS/);
    expect(row).to.match(/^tenants +HashOfMaps +Hash 4→16 +1 +1 +64 /);
    expect(fixture().here('get', 'tenants').out).to.include('10.1.0.7');
    const entries = fixture().here('get', 'tenants', '10.1.0.7').out;
    expect(entries).to.match(/443/).and.to.match(/PASS/).and.to.match(/DROP/);
    const asYaml = fixture().here('get', 'tenants', '10.1.0.7', '-o', 'yaml').out;
    expect(parseAllDocuments(asYaml)[0]?.toJS().spec).to.include({ outerMap: 'tenants', key: '10.1.0.7' });
    const asJson = JSON.parse(fixture().here('get', 'tenants', '10.1.0.7', '-o', 'json').out);
    expect(asJson.spec.entries ?? asJson.spec.table).to.have.length.above(1);
    expect(JSON.parse(fixture().here('get', '-o', 'json').out)[0]).to.include({
      name: 'tenants',
      maps: 1,
      ours: 1,
    });
    expect(fixture().here('get', 'tenents')).to.include({ code: 2 });
    expect(fixture().here('get', 'tenents').error).to.match(/Cannot find outer map tenents.*tenants/);
    expect(fixture().here('get', 'tenants', '10.9.9.9').code).to.equal(2);
  });

  it('get -o yaml, applied again, is what is there; under another name it is another’s, by a swap', () => {
    fixture().write('maps.yaml', TENANTS, WEB);
    expect(fixture().once().code).to.equal(0);
    const text = fixture().here('get', 'tenants', '10.1.0.7', '-o', 'yaml').out;
    fixture().write('maps.yaml', TENANTS);
    fixture().writeText('web.yaml', text);
    const renamed = fixture().here('plan', fixture().manifests);
    expect(renamed.out, renamed.error + text).to.equal(
      '~ tenants[10.1.0.7]: swap default/tenants-10.1.0.7, 2 entries\n1 change\n',
    );
    const { namespace, name } = WEB['metadata'] as { namespace: string; name: string };
    const own = text.replace(/^ {2}name: .*$/m, `  namespace: ${namespace}\n  name: ${name}`);
    fixture().writeText('web.yaml', own);
    const plan = fixture().here('plan', fixture().manifests);
    expect([plan.code, plan.out], plan.error + own).to.deep.equal([
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
      fixture().make('stranger', ...layout, '--inners', '2', '--entries', '3', '--stamp', '9');
      const before = fixture().contents('stranger');
      const exported = fixture().here('export', 'stranger');
      expect(exported.code, exported.error).to.equal(0);
      fixture().writeText('exported.yaml', exported.out);
      expect(fixture().innermap('validate', fixture().manifests).code).to.equal(0);
      const first = fixture().here('plan', fixture().manifests, '-o', 'json');
      const verbs = JSON.parse(first.out).steps.map(({ verb }: { verb: string }) => verb);
      expect(verbs, 'inner maps are taken over, none is written').to.deep.equal([
        'record',
        'adopt',
        'claim',
        'claim',
      ]);
      expect(fixture().once().code).to.equal(0);
      const plan = fixture().here('plan', fixture().manifests);
      expect([plan.code, plan.out], plan.error).to.deep.equal([
        0,
        'Nothing to do: the kernel is as declared\n',
      ]);
      expect(fixture().contents('stranger')).to.deep.equal(before);
    });
  }

  it('status: the agent’s last report, 1 where something is not ready, 2 without a report', async () => {
    expect(fixture().innermap('status', '--report', fixture().report)).to.include({ code: 2, out: '' });
    fixture().write(
      'maps.yaml',
      outerMap('tenants'),
      innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 1: 1 }),
    );
    await fixture().started();
    const ready = fixture().innermap('status', '--report', fixture().report);
    expect(ready.code, ready.error).to.equal(0);
    expect(ready.out).to.match(/tenants +HashOfMaps +Hash +1 +1 +True +Programmed/);
    fixture().write('rival.yaml', innerMap('b/rival', { outerMap: 'tenants', key: 1 }, { 1: 2 }));
    await fixture().reported(({ innerMaps }) => innerMaps.length === 1);
    const rival = fixture().innermap('status', '--report', fixture().report);
    expect(rival.code).to.equal(1);
    expect(rival.out).to.match(/b\/rival +tenants +1 +KeyConflict/);
    const asJson = JSON.parse(fixture().innermap('status', '--report', fixture().report, '-o', 'json').out);
    expect(asJson).to.deep.equal({ ...fixture().reportNow(), agent: 'runs' });
  });

  it('status: no agent runs after kill -9, after clean, after umount; and clean takes the report away', async () => {
    const status = () => fixture().innermap('status', '--report', fixture().report);
    fixture().write('maps.yaml', outerMap('tenants'));
    const agent = await fixture().started();
    expect(status().code).to.equal(0);
    await agent.end('SIGKILL');
    fixture().write('maps.yaml', outerMap('others'));
    const killed = status();
    expect([killed.code, killed.out]).to.deep.equal([1, killed.out.replace(/^Ready:.*$/m, '')]);
    expect(killed.out).to.match(/^No agent runs: as of \d+s ago, 0 inner maps as declared$/m);
    const report = readFileSync(fixture().report, 'utf8');
    expect(fixture().here('clean', '--yes', '--report', fixture().report).code).to.equal(0);
    expect(status().code, 'without a report').to.equal(2);
    writeFileSync(fixture().report, report);
    expect(status().code, 'cleaned').to.equal(1);
    run('umount', fixture().bpffs);
    const unmounted = status();
    expect([unmounted.code, unmounted.out.includes('no bpffs is mounted there')]).to.deep.equal([1, true]);
    run('mount', '-t', 'bpf', 'bpf', fixture().bpffs);
  });

  it('agent --once: one turn, its report as a table or JSON, 0 ready and 1 not', () => {
    fixture().write(
      'maps.yaml',
      outerMap('tenants'),
      innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 1: 1 }),
    );
    const { code, out } = fixture().once();
    expect(code).to.equal(0);
    expect(out)
      .to.match(/tenants +HashOfMaps/)
      .and.to.include('Ready');
    expect(fixture().contents('tenants')).to.deep.equal({ [u32(1)]: u32Pairs({ 1: 1 }) });
    expect(existsSync(fixture().report)).to.equal(true);
    fixture().write('lost.yaml', innerMap('a/lost', { outerMap: 'nowhere', key: 1 }, { 1: 1 }));
    const lost = fixture().once('-o', 'json');
    expect(lost.code).to.equal(1);
    expect(JSON.parse(lost.out).innerMaps[0]).to.include({ name: 'lost', reason: 'OuterMapNotFound' });
  });

  it('agent on a folder that does not exist yet: says so, and fills from it once it is there', async () => {
    const folder = join(fixture().directory, 'later');
    const agent = fixture().start({ options: ['--manifests', folder] });
    expect(await agent.said(/later/)).to.match(/does not exist|ENOENT/);
    mkdirSync(folder);
    writeFileSync(join(folder, 'maps.json'), JSON.stringify(outerMap('late')));
    await fixture().holds('late', {});
  });

  it('every command has a help with examples, and says what is wrong with its words', () => {
    expect(fixture().innermap('--help').out).to.match(new RegExp(COMMANDS.join('[\\s\\S]*')));
    for (const command of COMMANDS) {
      const { code, out } = fixture().innermap(command, '--help');
      expect([code, out.includes('Examples')], `${command}: ${out}`).to.deep.equal([0, true]);
      const wrong = fixture().innermap(command, '--bpfs', 'x');
      expect(wrong.code, command).to.equal(2);
      expect(wrong.error).to.include('--bpfs').and.to.include('--help');
    }
    expect(fixture().innermap().code).to.equal(2);
    expect(fixture().innermap('plna').error).to.match(/plna.*plan/);
    expect(fixture().innermap('--version').out).to.match(/^innermap \d+\.\d+\.\d+\n$/);
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
