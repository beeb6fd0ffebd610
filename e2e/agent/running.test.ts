import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { onceInThree } from '../../operator/testing/patience.ts';
import { CONTENT_TYPES } from './support/contenttypes.ts';
import { type LoadedAgentFixture, useLoadedAgent } from './support/loadedagent.ts';
import { innerMap, type Manifest, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { oneTurn } from './support/oneturn.ts';
import { INNERMAP, ran } from './support/process.ts';
import { pinsBelow, shown, treeBelow } from './support/witness.ts';

/** Calls that strace shows and that change a bpffs or a map; a report is written elsewhere. */
const CHANGES_MAPS = /bpf\(BPF_(?:MAP_CREATE|MAP_UPDATE_\w+|MAP_DELETE_\w+|MAP_FREEZE|OBJ_PIN)/;
const CHANGES_FILES = /(?:mkdir|rmdir|rename|unlink|symlink|link|chmod)(?:at2?)?\(/;

describe('agent that runs', () => {
  const fixture = useLoadedAgent();

  it('makes no mutating call after a restart with nothing to do', async () => {
    fixture().write('maps.yaml', ...everything());
    expect(fixture().once().code).to.equal(0);
    const before = shown(pinsBelow(fixture().bpffs));
    const { mutations, report } = await oneTurn(fixture());
    expect(mutations).to.deep.equal([]);
    expect(report.state.conditions[0]).to.include({ type: 'Ready', status: 'True' });
    expect(fixture().once().code).to.equal(0);
    expect(shown(pinsBelow(fixture().bpffs)), 'the same maps, by their ids').to.deep.equal(before);
  });

  it('tells the node’s paths where its bpffs is mounted elsewhere: status, log, and what ends it', () => {
    fixture().write('maps.yaml', ...everything());
    const onNode = ['--bpffs-on-node', '/run/node/bpf'];
    const { code, out, error } = fixture().once(...onNode);
    expect(code).to.equal(0);
    expect(out).to.contain(' /run/node/bpf/');
    expect(error).to.contain('bpffs=/run/node/bpf');
    expect(`${out}${error}`).not.to.contain(fixture().bpffs);
    const wrong = ['--manifests', fixture().manifests, '--bpffs', fixture().manifests];
    const nowhere = ran([process.execPath, INNERMAP, 'agent', '--once', ...wrong, ...onNode]);
    expect(nowhere.error).to.match(
      /use the bpffs at \/run\/node\/bpf: EINVAL, .* mount -t bpf bpf \/run\/node\/bpf\n/,
    );
  });

  it('makes none that strace sees, once the kernel is probed', function () {
    if (ran(['sh', '-c', 'command -v strace']).code !== 0) {
      if (process.env['CI'] === 'true') throw new Error('Cannot watch system calls: missing strace');
      this.skip();
    }
    fixture().write('maps.yaml', ...everything());
    expect(fixture().once().code).to.equal(0);
    const trace = join(fixture().directory, 'trace');
    const calls =
      'bpf,write,mkdir,rmdir,rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat,link,linkat,chmod';
    const strace = ['strace', '-f', '-qq', '-s', '200', '-e', `trace=${calls}`, '-o', trace];
    const places = [
      '--manifests',
      fixture().manifests,
      '--bpffs',
      fixture().bpffs,
      '--report',
      fixture().report,
    ];
    const { code } = ran([...strace, process.execPath, INNERMAP, 'agent', '--once', ...places]);
    expect(code).to.equal(0);
    const lines = readFileSync(trace, 'utf8').split('\n');
    const probed = lines.findIndex(line => line.includes('Kernel probed'));
    expect(probed, 'the line of the log').to.be.above(0);
    expect(
      lines.slice(0, probed).filter(line => CHANGES_MAPS.test(line)),
      'the probe',
    ).to.not.deep.equal([]);
    const after = lines.slice(probed);
    expect(
      after.filter(line => line.includes('bpf(BPF_')),
      'the turn reads',
    ).to.not.deep.equal([]);
    // A batch of no entries only asks whether a map is frozen
    const changing = (line: string) =>
      (CHANGES_MAPS.test(line) && !line.includes('keys=NULL, values=NULL, count=0,')) ||
      (CHANGES_FILES.test(line) && line.includes(fixture().bpffs));
    expect(after.filter(changing)).to.deep.equal([]);
  });

  it('is the only one of its bpffs: a second agent waits, says for whom, and takes over', async () => {
    fixture().write('outer.yaml', outerMap('tenants'));
    const first = await fixture().started();
    const report = join(fixture().directory, 'run', 'second.json');
    const second = fixture().start({ report });
    expect(await second.said(/waiting/)).to.include(`pid ${first.pid}`);
    fixture().write('web.yaml', innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 1: 1 }));
    await fixture().holds('tenants', { [u32(1)]: u32Pairs({ 1: 1 }) });
    expect(fixture().here('plan', fixture().manifests).code, 'a plan meanwhile').to.equal(0);
    expect(() => fixture().reportNow(report)).to.throw('ENOENT');
    expect((await first.end()).code).to.equal(0);
    await fixture().reported(({ state }) => state.outerMaps[0]?.innerMaps === 1, report);
    fixture().write('web.yaml', innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 1: 2 }));
    await fixture().holds('tenants', { [u32(1)]: u32Pairs({ 1: 2 }) });
  });

  it('takes over from one that was killed, whose lock went with it', async () => {
    fixture().write('outer.yaml', outerMap('tenants'));
    const first = await fixture().started();
    const report = join(fixture().directory, 'run', 'second.json');
    const second = fixture().start({ report });
    await second.said(/waiting/);
    await first.end('SIGKILL');
    await fixture().reported(({ state }) => state.conditions[0]?.status === 'True', report);
  });

  it('is alive and not ready while it waits, says for whom, and frees the address for its own work', async () => {
    fixture().write('outer.yaml', outerMap('tenants'));
    const first = await fixture().started();
    const report = join(fixture().directory, 'run', 'second.json');
    const second = fixture().start({ report, options: ['--listen', '127.0.0.1:0'] });
    const address = async (line: RegExp) => /address=(\S+)/.exec(await second.said(line))![1]!;
    const waiting = await address(/Serving health while waiting/);
    expect((await fetch(`http://${waiting}/healthz`)).status).to.equal(200);
    const answer = await fetch(`http://${waiting}/readyz`);
    expect(answer.status).to.equal(503);
    expect(await answer.text()).to.match(/^Another agent works on this bpffs, waiting for it to end: .*\d/);
    await first.end();
    await fixture().reported(({ state }) => state.conditions[0]?.status === 'True', report);
    const working = await address(/Serving metrics and health/);
    expect((await fetch(`http://${working}/readyz`)).status).to.equal(200);
    expect(await fetch(`http://${waiting}/healthz`).catch(() => 'nobody')).to.equal('nobody');
  });

  for (const [origin, statement] of [
    ['uncaughtException', 'throw new Error("slipped")'],
    ['unhandledRejection', 'Promise.reject(new Error("slipped"))'],
  ]) {
    it(`ends in order with 2 after an ${origin} in a callback, and says what it was`, async () => {
      fixture().write('outer.yaml', outerMap('tenants'));
      const slip = `data:text/javascript,process.on('SIGUSR2',()=>{${statement}})`;
      const agent = fixture().launch([process.execPath, '--import', slip, ...agentWords(fixture())]);
      await fixture().reported(({ state }) => state.conditions[0]?.status === 'True');
      const { code, error } = await agent.end('SIGUSR2');
      expect(code, error).to.equal(2);
      expect(error).to.match(new RegExp(`Nobody caught an exception.*origin=${origin}.*slipped`));
      expect(error).to.not.include('Stopped, all maps stay in place');
      expect(error.trimEnd().split('\n').at(-1)).to.equal('Error: slipped');
      const next = await fixture().started();
      expect(next.log).to.not.include('waiting');
    });
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends with 0 at ${signal} and leaves all maps in place`, async () => {
      fixture().write('maps.yaml', ...everything());
      const agent = await fixture().started();
      const before = [
        treeBelow(fixture().bpffs),
        shown(pinsBelow(fixture().bpffs)),
        fixture().contents('hash'),
      ];
      const { code, error } = await agent.end(signal);
      expect(code, error).to.equal(0);
      expect(error).to.match(/Stopped, all maps stay in place/);
      const after = [
        treeBelow(fixture().bpffs),
        shown(pinsBelow(fixture().bpffs)),
        fixture().contents('hash'),
      ];
      expect(after).to.deep.equal(before);
    });
  }

  it('ends sooner than one starts, at work and while it waits for another', async () => {
    fixture().write('outer.yaml', outerMap('tenants'));
    expect(await onceInThree(endsSooner)).to.equal(true);
  });

  async function endsSooner(): Promise<boolean> {
    const [first, starting] = await timed(() => fixture().started());
    const second = fixture().start({ report: join(fixture().directory, 'run', 'second.json') });
    await second.said(/waiting/);
    const [{ code }, waiting] = await timed(() => second.end());
    expect(code).to.equal(0);
    const [, working] = await timed(() => first.end());
    return Math.max(waiting, working) < starting;
  }
});

/** What it answers, and milliseconds. */
async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  return [await work(), performance.now() - start];
}

/** All inner types with contents, a sealed map, one in place, and an adoptable shape of each outer type. */
function everything(): Manifest[] {
  const types = Object.entries(CONTENT_TYPES).flatMap(([type, { inner, pairs, entries }]) => {
    const name = type.toLowerCase();
    const spec = entries === undefined ? {} : { entries };
    return [
      outerMap(name, { inner: { type, ...inner } }),
      innerMap(`a/${name}`, { outerMap: name, key: 1 }, pairs, spec),
    ];
  });
  const array = outerMap('indexed', { type: 'ArrayOfMaps' });
  const place = { outerMap: 'indexed' };
  const sealed = innerMap('a/sealed', { ...place, key: 0 }, { 1: 1 }, { sealed: true });
  return [
    ...types,
    array,
    sealed,
    innerMap('a/edited', { ...place, key: 7 }, { 2: 2 }, { update: 'InPlace' }),
  ];
}

function agentWords({ manifests, bpffs, report }: LoadedAgentFixture): readonly string[] {
  return [INNERMAP, 'agent', '--manifests', manifests, '--bpffs', bpffs, '--report', report];
}
