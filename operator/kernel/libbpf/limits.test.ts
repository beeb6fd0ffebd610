import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { OWN } from '../../testing/own.ts';
import { inChild, mapsNamed, named, onRealKernel, onScratch, withCapabilities } from './scratch.test.ts';

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
    const group = memoryGroup();
    if (group === undefined) {
      if (process.env['CI'] === 'true') throw new Error('Cannot limit memory: no memory controller');
      return this.skip();
    }
    try {
      const join = `echo $$ > ${group}/cgroup.procs && exec "$@"`;
      // 90 MiB each, of 256 in all
      const results = build(5, 1_000_000, ['sh', '-c', join, 'sh']);
      expect(results.pinned).to.be.within(1, 3);
      expect(results.messages).to.deep.equal([
        "Cannot create inner map team-a/web: ENOMEM, memory limit of this process's cgroup is 256 MiB",
      ]);
    } finally {
      rmdirSync(group);
    }
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

/** A memory cgroup of 256 MiB below our own; undefined where none can be made. */
function memoryGroup(): string | undefined {
  const own = readFileSync('/proc/self/cgroup', 'utf8');
  const old = /^\d+:memory:(.*)$/m.exec(own)?.[1];
  const parent =
    old === undefined
      ? join('/sys/fs/cgroup', /^0::(.*)$/m.exec(own)?.[1] ?? '')
      : join('/sys/fs/cgroup/memory', old);
  const group = join(parent, `${OWN}-test-${process.pid}`);
  const limit = old === undefined ? 'memory.max' : 'memory.limit_in_bytes';
  try {
    mkdirSync(group);
    writeFileSync(join(group, limit), `${256 * 2 ** 20}`);
    return group;
  } catch {
    if (existsSync(group)) rmdirSync(group);
    return undefined;
  }
}
