import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { OWN } from '../../testing/own.ts';
import {
  inChild,
  lacking,
  mapsNamed,
  named,
  onRealKernel,
  onScratch,
  withCapabilities,
} from './scratch.test.ts';

const LIMITED = named('limit');

/** Builds COUNT maps of MAX entries and prints the results; then whether the kernel still answers. */
const BUILD = `
  const kernel = openKernel({ bpffs: 'ROOT' });
  const spec = { type: 'Hash', keySize: 4, valueSize: 64, maxEntries: MAX, flags: 0 };
  const entries = { count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) };
  const requests = Array.from({ length: COUNT }, (_, index) => (
    { spec, name: 'NAME', label: 'team-a/web' + index, entries, freeze: false, pins: ['ROOT/limit' + index] }));
  const built = await kernel.build(requests);
  const refused = built.filter(map => map instanceof Error);
  for (const map of built) if (!(map instanceof Error)) map.close();
  const pinned = kernel.pins.list('ROOT').filter(name => name.startsWith('limit'));
  const again = await kernel.readInner(pinned.slice(0, 1).map(name => ({ pin: 'ROOT/' + name })));
  for (const name of pinned) kernel.pins.unlink('ROOT/' + name);
  console.log(JSON.stringify({
    refused: refused.length, pinned: pinned.length, again: again.map(({ errno }) => errno ?? 'read'),
    messages: [...new Set(refused.map(({ message }) => message.replace(/web\\d+/, 'web')))],
  }));
`;

/** Takes 1,000 entries out of an ArrayOfMaps, each by a call of its own, and prints how many failed or stayed. */
const REMOVE = `
  const kernel = openKernel({ bpffs: 'ROOT' });
  const spec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 8, flags: 0 };
  const outer = kernel.createOuter({ ...spec, type: 'ArrayOfMaps', maxEntries: 1000 }, spec, 'NAME');
  const entries = { count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) };
  const pins = ['ROOT/limited'];
  const [inner] = await kernel.build([{ spec, name: 'NAME', label: 'web', entries, freeze: false, pins }]);
  const keys = new Uint8Array(Uint32Array.from({ length: 1000 }, (_, at) => at).buffer);
  const put = await kernel.replace(outer, keys, Array(1000).fill(inner));
  const removed = await kernel.remove(outer, keys);
  console.log(put.size + removed.size + (await kernel.readOuter(outer)).count);
  kernel.pins.unlink(pins[0]);
`;

interface Results {
  readonly refused: number;
  readonly pinned: number;
  readonly again: readonly string[];
  readonly messages: readonly string[];
}

onRealKernel('the limits of a process', () => {
  const scratch = onScratch();
  afterEach(() => expect(mapsNamed(LIMITED)).to.equal(0));

  const build = (count: number, maxEntries: number, through: readonly string[]): Results => {
    const code = BUILD.replaceAll('ROOT', scratch().root)
      .replaceAll('NAME', LIMITED)
      .replace('COUNT', `${count}`)
      .replace('MAX', `${maxEntries}`);
    const printed = inChild(code, through);
    expect(printed).to.match(/^\{/);
    return JSON.parse(printed) as Results;
  };

  it('RLIMIT_NOFILE: what has no file left is EMFILE and says how many there are; the others are built', () => {
    const results = build(100, 8, ['sh', '-c', 'ulimit -n 80 && exec "$@"', 'sh']);
    expect(results.pinned).to.be.within(20, 79);
    expect(results.refused).to.equal(100 - results.pinned);
    expect(results.again).to.deep.equal(['read']);
    expect(results.messages).to.deep.equal([
      'Cannot create inner map team-a/web: EMFILE, this process may have 80 files open and has, raise RLIMIT_NOFILE',
    ]);
  });

  it('the memory limit of the cgroup: ENOMEM and says what it is; what fits is built', function () {
    limited(this, MEMORY, ({ join }) => {
      // 90 MiB each, of 256 in all
      const results = build(5, 1_000_000, join);
      expect(results.pinned).to.be.within(1, 3);
      expect(results.messages).to.deep.equal([
        "Cannot create inner map team-a/web: ENOMEM, memory limit of this process's cgroup is 256 MiB",
      ]);
    });
  });

  it('the pids limit of the cgroup: as many threads as there may be do what hundreds would', function () {
    limited(this, PIDS, ({ join, group }) => {
      expect(inChild(REMOVE.replaceAll('ROOT', scratch().root).replaceAll('NAME', LIMITED), join)).to.equal(
        '0',
      );
      expect(readFileSync(`${group}/pids.events`, 'utf8')).to.match(/^max [1-9]/m);
    });
  });

  it('a pin of another user: EACCES, and says whose it is', () => {
    scratch().open().pins.makeDirectory(scratch().path('innermap'));
    const code = `
      const kernel = openKernel({ bpffs: 'ROOT' });
      const spec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 8, flags: 0 };
      const outer = kernel.createOuter({ ...spec, type: 'HashOfMaps' }, spec, 'NAME');
      kernel.pins.pin(outer, 'ROOT/theirs', 0o600);
      (await import('node:fs')).chownSync('ROOT/theirs', 1234, 0);
      process.exitCode = 0;
    `
      .replaceAll('ROOT', scratch().root)
      .replaceAll('NAME', LIMITED);
    expect(inChild(code, ['env'])).to.equal('');
    const open = `openKernel({ bpffs: '${scratch().root}' }).open('${scratch().path('theirs')}')`;
    expect(inChild(open, withCapabilities('-all,+bpf'))).to.equal(
      `Cannot open ${scratch().path('theirs')}: EACCES, it belongs to uid 1234 with mode 0600, which needs CAP_DAC_OVERRIDE`,
    );
  });
});

/** A limit of a cgroup: its controller, its file by the version of cgroups, and what is written there. */
interface Limit {
  readonly controller: string;
  readonly files: readonly [v1: string, v2: string];
  readonly most: number;
}

const MEMORY: Limit = {
  controller: 'memory',
  files: ['memory.limit_in_bytes', 'memory.max'],
  most: 256 * 2 ** 20,
};
const PIDS: Limit = { controller: 'pids', files: ['pids.max', 'pids.max'], most: 64 };

/** In a cgroup with this limit below our own; `join` goes before the command of a process that is to be in it. */
function limited(
  test: Mocha.Context,
  limit: Limit,
  use: (limited: { readonly group: string; readonly join: readonly string[] }) => void,
): void {
  const group = limitedGroup(limit);
  if (group === undefined) {
    if (process.env['CI'] === 'true') throw new Error(`Cannot limit: no controller ${limit.controller}`);
    lacking(test, `the cgroup controller ${limit.controller}`);
  }
  try {
    use({ group, join: ['sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh'] });
  } finally {
    rmdirSync(group);
  }
}

/** undefined where none can be made. */
function limitedGroup({ controller, files, most }: Limit): string | undefined {
  const own = readFileSync('/proc/self/cgroup', 'utf8');
  const old = new RegExp(`^\\d+:${controller}:(.*)$`, 'm').exec(own)?.[1];
  const parent =
    old === undefined
      ? join('/sys/fs/cgroup', /^0::(.*)$/m.exec(own)?.[1] ?? '')
      : join('/sys/fs/cgroup', controller, old);
  const group = join(parent, `${OWN}-test-${process.pid}`);
  try {
    mkdirSync(group);
    writeFileSync(join(group, files[old === undefined ? 1 : 0]), `${most}`);
    return group;
  } catch {
    if (existsSync(group)) rmdirSync(group);
    return undefined;
  }
}
