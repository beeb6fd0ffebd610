import { expect } from 'chai';
import { outerMapOf } from '../core/testing/outermap.ts';
import type { WantedInner } from '../core/wanted.ts';
import { CommandFixture } from './testing/commandfixture.ts';
import { FAILED, report } from './testing/reports.ts';

describe('agent', () => {
  it('hands on every option, with the documented defaults', async () => {
    const fixture = new CommandFixture();
    expect((await fixture.run('agent', '--manifests', 'a', '--manifests=b')).code).to.equal(0);
    expect(fixture.agents).to.deep.equal([
      {
        bpffs: '/sys/fs/bpf',
        bpffsOnNode: '/sys/fs/bpf',
        labels: {},
        releases: [],
        manifests: ['a', 'b'],
        resyncMs: 30_000,
        contentResyncMs: 120_000,
        relistJitterMs: 5_000,
        report: '/run/innermap/status.json',
        logLevel: 'info',
        logFormat: 'text',
      },
    ]);
  });

  it('reads times, labels, tokens and the node name', async () => {
    const fixture = new CommandFixture();
    const line =
      'agent --manifests a --bpffs /b/ --resync 500ms --content-resync 1.5m --node n --node-label z=a=b --node-label e= --release-removal t1 --release-removal t2';
    await fixture.run(...line.split(' '), '--log-format', 'json', '--log-level', 'debug', '--report', '/r');
    const { bpffs, resyncMs, contentResyncMs, node, labels, releases, logFormat, logLevel, report } =
      fixture.agents[0]!;
    expect([bpffs, resyncMs, contentResyncMs, node, logFormat, logLevel, report]).to.deep.equal([
      '/b',
      500,
      90_000,
      'n',
      'json',
      'debug',
      '/r',
    ]);
    expect([labels, releases]).to.deep.equal([{ z: 'a=b', e: '' }, ['t1', 't2']]);
  });

  it('the node’s bpffs is that of --bpffs unless --bpffs-on-node says where it is', async () => {
    const fixture = new CommandFixture();
    await fixture.run('agent', '--manifests', 'a', '--bpffs', '/b/');
    await fixture.run('agent', '--manifests', 'a', '--bpffs', '/b', '--bpffs-on-node', '/run/bpf/');
    const places = fixture.agents.map(({ bpffs, bpffsOnNode }) => [bpffs, bpffsOnNode]);
    expect(places).to.deep.equal([
      ['/b', '/b'],
      ['/b', '/run/bpf'],
    ]);
  });

  it('--once shows what became of each map: exit 0 where all is ready', async () => {
    const fixture = Object.assign(new CommandFixture(), { report: report() });
    const { code, out } = await fixture.run('agent', '--manifests', 'a', '--once');
    expect(code).to.equal(0);
    expect(out).to.equal(
      'OUTER MAP   TYPE         INNER       MAPS   ENTRIES   READY   REASON       PIN\n' +
        'tenants     HashOfMaps   Hash 4→16   1      2         True    Programmed   /sys/fs/bpf/tenants\n' +
        '\nReady: 1 inner map as declared\n',
    );
  });

  it('--once -o json is the report, exit 1 where something is not ready', async () => {
    const fixture = Object.assign(new CommandFixture(), { report: report(FAILED) });
    const { code, out } = await fixture.run('agent', '--manifests', 'a', '--once', '-o', 'json');
    expect([code, JSON.parse(out)]).to.deep.equal([1, report(FAILED)]);
  });
});

describe('plan', () => {
  it('prints the plan and exits 1 where there are changes, 0 where there are none', async () => {
    const fixture = new CommandFixture();
    fixture.outcome = { lines: ['+ insert a', '- remove b'], changes: 2, refusals: [], held: [], steps: [] };
    expect(await fixture.run('plan', 'a', 'b')).to.deep.equal({
      code: 1,
      out: '+ insert a\n- remove b\n2 changes\n',
      error: '',
    });
    expect(fixture.planned[0]!.paths).to.deep.equal(['a', 'b']);
    fixture.outcome = { lines: [], changes: 0, refusals: [], held: [], steps: [] };
    expect(await fixture.run('plan', 'a')).to.deep.equal({
      code: 0,
      out: 'Nothing to do: the kernel is as declared\n',
      error: '',
    });
  });

  it('a refused manifest is an error on stderr: exit 2', async () => {
    const fixture = new CommandFixture();
    fixture.outcome = {
      lines: [],
      changes: 0,
      refusals: [{ origin: 'a.yaml:3:1', message: 'wrong' }],
      held: [],
      steps: [],
    };
    const { code, out, error } = await fixture.run('plan', 'a');
    expect([code, out, error]).to.deep.equal([2, '0 changes, 1 refused\n', 'a.yaml:3:1: wrong\n']);
  });

  it('a warning is a note on stderr, and changes no exit code', async () => {
    const fixture = new CommandFixture();
    const warnings = [{ origin: 'OuterMap tenants', message: '3 InnerMaps are more than maxEntries 2' }];
    fixture.outcome = { lines: [], changes: 0, refusals: [], warnings, held: [], steps: [] };
    expect(await fixture.run('plan', 'a')).to.deep.equal({
      code: 0,
      out: 'Nothing to do: the kernel is as declared\n',
      error: 'Note: OuterMap tenants: 3 InnerMaps are more than maxEntries 2\n',
    });
    expect(JSON.parse((await fixture.run('plan', 'a', '-o', 'json')).out).warnings).to.deep.equal(warnings);
  });

  it('a held removal is no kernel as declared: exit 1', async () => {
    const fixture = new CommandFixture();
    const held = [{ outerMap: 'tenants', keys: 20, of: 20, token: 'abc' }];
    fixture.outcome = { lines: ['! tenants: held'], changes: 0, refusals: [], held, steps: [] };
    const { code, out } = await fixture.run('plan', 'a');
    expect([code, out]).to.deep.equal([1, '! tenants: held\n0 changes, 1 removal held\n']);
    expect(JSON.parse((await fixture.run('plan', 'a', '-o', 'json')).out).held).to.deep.equal(held);
  });

  it('-o json gives steps, changes and refusals', async () => {
    const fixture = new CommandFixture();
    fixture.outcome = { lines: ['+ x'], changes: 1, refusals: [], held: [], steps: [{ verb: 'insert' }] };
    const { code, out } = await fixture.run('plan', 'a', '-o', 'json');
    expect([code, JSON.parse(out)]).to.deep.equal([
      1,
      { changes: 1, steps: [{ verb: 'insert' }], refusals: [], warnings: [], held: [] },
    ]);
  });

  it('paints lines as a diff on a terminal', async () => {
    const fixture = Object.assign(new CommandFixture(), { outIsTerminal: true });
    fixture.outcome = { lines: ['+ a', '  ~ b', '- c', 'd'], changes: 3, refusals: [], held: [], steps: [] };
    const { out } = await fixture.run('plan', 'a');
    expect(out).to.contain('\x1b[32m+ a\x1b[39m\n\x1b[33m  ~ b\x1b[39m\n\x1b[31m- c\x1b[39m\nd\n');
  });
});

describe('validate', () => {
  const wanted = (change: object) => ({
    outerMaps: [],
    innerMaps: [],
    complete: true,
    refusals: [],
    releases: [],
    ...change,
  });
  const inner = (content: WantedInner['content'], origin: string): WantedInner => ({
    innerMap: {
      kind: 'InnerMap',
      metadata: { name: 'web', namespace: 'team-a', labels: {}, annotations: {} },
      spec: { outerMap: 'tenants', key: 1, sealed: false },
    },
    content,
    origin,
  });

  it('tells each problem in the order of the files, then a summary: exit 2', async () => {
    const fixture = new CommandFixture();
    const refusals = [
      { origin: 'b.yaml:2:1', message: 'spec.pin: wrong' },
      { origin: 'a.yaml:10:3', message: 'not a map' },
    ];
    const innerMaps = [inner({ kind: 'invalid', reason: 'InvalidEntries', message: 'entry 3' }, 'a.yaml:9')];
    fixture.loaded = { wanted: wanted({ refusals, innerMaps }), files: 2, sizes: [] };
    const { code, out } = await fixture.run('validate', '.');
    expect(code).to.equal(2);
    expect(out).to.equal(
      'a.yaml:9: error: InnerMap team-a/web: entry 3\na.yaml:10:3: error: not a map\nb.yaml:2:1: error: spec.pin: wrong\n' +
        '2 files, 0 outer maps, 1 inner map, 0 entries: 3 errors\n',
    );
  });

  it('warns where the OuterMap is missing, and of objects that a cluster cannot take: exit 0', async () => {
    const fixture = new CommandFixture();
    const sizes = [200_000, 200_001, 1_400_001].map((bytes, at) => ({
      origin: `a.yaml:${at}`,
      object: `InnerMap x/${at}`,
      bytes,
    }));
    fixture.loaded = {
      wanted: wanted({ innerMaps: [inner({ kind: 'pending' }, 'a.yaml:9')] }),
      files: 1,
      sizes,
    };
    const { code, out } = await fixture.run('validate', 'a.yaml');
    expect(code).to.equal(0);
    expect(out).to.match(
      /warning: InnerMap x\/1: 200 KB is too much for client-side apply: use kubectl apply --server-side/,
    );
    expect(out).to.match(/warning: InnerMap x\/2: 1.4 MB is about as much as a cluster stores/);
    expect(out).to.not.contain('x/0');
    expect(out).to.contain('contents and key were not checked: OuterMap tenants is not among these files');
    expect(out).to.contain('no errors, 3 warnings');
  });

  it('takes an OuterMap whose name is nearly that of one among the files for a mistake', async () => {
    const fixture = new CommandFixture();
    fixture.loaded = {
      wanted: wanted({
        outerMaps: [{ ...outerMapOf({}), metadata: { name: 'tenant', labels: {}, annotations: {} } }],
        innerMaps: [inner({ kind: 'pending' }, 'a.yaml:9')],
      }),
      files: 1,
      sizes: [],
    };
    const { code, out } = await fixture.run('validate', 'a.yaml');
    expect(out).to.contain(
      'a.yaml:9: error: InnerMap team-a/web: OuterMap tenants is not among these files, did you mean tenant?',
    );
    expect(code).to.equal(2);
  });

  it('writes nothing from outside to a terminal that would obey it', async () => {
    const evil = 'x\n\u001b[2J\u009b1m\u202e';
    const fixture = new CommandFixture();
    fixture.loaded = { wanted: wanted({ refusals: [{ origin: evil, message: evil }] }), files: 1, sizes: [] };
    fixture.outcome = {
      ...{ lines: [evil], changes: 1, steps: [], held: [], refusals: [{ origin: evil, message: evil }] },
    };
    for (const command of ['validate', 'plan']) {
      const { out, error } = await fixture.run(command, 'a.yaml');
      expect((out + error).replaceAll('\n', ''), command).to.not.match(/[\p{Cc}\u202e]/u);
      expect(out + error, command).to.contain('x\\u000a\\u001b[2J');
    }
  });

  it('-o json gives file, line and column apart', async () => {
    const fixture = new CommandFixture();
    fixture.loaded = {
      wanted: wanted({ refusals: [{ origin: 'C:/x/b.yaml:2:1', message: 'wrong' }] }),
      files: 1,
      sizes: [],
    };
    const { out } = await fixture.run('validate', 'a', '-o', 'json');
    expect(JSON.parse(out).findings).to.deep.equal([
      { file: 'C:/x/b.yaml', line: 2, column: 1, severity: 'error', message: 'wrong' },
    ]);
  });
});

describe('controller', () => {
  it('hands on every option, with the documented defaults', async () => {
    const fixture = new CommandFixture();
    expect((await fixture.run('controller')).code).to.equal(0);
    expect(fixture.controllers).to.deep.equal([
      {
        namespace: 'innermap-system',
        agentSelector: 'app.kubernetes.io/name=innermap-operator,app.kubernetes.io/component=agent',
        leaderElection: true,
        relistJitterMs: 5_000,
        logLevel: 'info',
        logFormat: 'text',
      },
    ]);
  });

  it('takes namespace and identity from its Pod by default', async () => {
    const fixture = Object.assign(new CommandFixture(), { env: { POD_NAMESPACE: 'maps', POD_NAME: 'c-1' } });
    await fixture.run('controller', '--no-leader-election', '--listen', ':9940');
    await fixture.run('controller', '-n', 'other', '--identity', 'me');
    expect(fixture.controllers[0]).to.include({
      namespace: 'maps',
      identity: 'c-1',
      leaderElection: false,
      listen: ':9940',
    });
    expect(fixture.controllers[1]).to.include({ namespace: 'other', identity: 'me' });
  });

  it('refuses a selector that would take every Pod for an agent', async () => {
    const { code, error } = await new CommandFixture().run('controller', '--agent-selector', '');
    expect([code, error.split('\n')[0]]).to.deep.equal([
      2,
      'Error: Option --agent-selector cannot be empty: every Pod would be an agent',
    ]);
  });
});
