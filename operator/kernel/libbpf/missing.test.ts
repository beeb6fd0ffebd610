import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../../testing/root.ts';
import { failureOf } from '../testing/contract/fixture.ts';
import { openKernel } from './kernel.ts';
import { inChild, onRealKernel, onScratch, withCapabilities } from './scratch.test.ts';

onRealKernel('openKernel where something is missing', () => {
  const scratch = onScratch();

  it('a directory without a bpffs: says how to mount one', () => {
    const directory = mkdtempSync(join(tmpdir(), 'innermap-plain-'));
    const error = failureOf(() => openKernel({ bpffs: directory }));
    rmdirSync(directory);
    expect(error?.message).to.contain(`mount -t bpf bpf ${directory}`);
  });

  it('no directory: ENOENT, and says how to make one', () => {
    const error = failureOf(() => openKernel({ bpffs: '/nowhere/at/all' }));
    expect(error?.errno).to.equal('ENOENT');
    expect(error?.message).to.contain('mkdir -p /nowhere/at/all && mount -t bpf bpf');
  });

  it('libinnermap.so: says how it is built', () => {
    const printed = inChild(
      `openKernel({ bpffs: ${JSON.stringify(scratch().root)} })`,
      without(join(ROOT, 'native', 'build', 'libinnermap.so')),
    );
    expect(printed).to.match(
      /^Cannot load \S+libinnermap.so: ENOENT, it is built where a C compiler is: install one \(apt-get install gcc/,
    );
  });

  it('libinnermap.so of another version: says how it is built', () => {
    const printed = inChild(
      `openKernel({ bpffs: ${JSON.stringify(scratch().root)} })`,
      without(join(ROOT, 'native', 'build', 'libinnermap.so'), libbpf()),
    );
    expect(printed).to.match(
      /^Cannot load \S+libinnermap.so: EINVAL, it is of another version, run npm run build/,
    );
  });

  it('libbpf.so.1: templates cannot be read, and all else goes on', () => {
    const printed = inChild(ROUND_TRIP.replaceAll('ROOT', scratch().root), without(libbpf()));
    expect(JSON.parse(printed)).to.include({ openById: true, readTemplate: false, count: 100, removed: 0 });
  });

  it('CAP_BPF: says so', () => {
    const printed = inChild(
      `openKernel({ bpffs: ${JSON.stringify(scratch().root)} })`,
      withCapabilities('-all'),
    );
    expect(printed).to.match(/EPERM, this process needs CAP_BPF/);
  });

  it('all capabilities but CAP_BPF: builds, replaces, reads and removes; ids and templates are unavailable', () => {
    const printed = inChild(ROUND_TRIP.replaceAll('ROOT', scratch().root), withCapabilities('-all,+bpf'));
    expect(JSON.parse(printed)).to.deep.equal({
      ...{ openById: false, readTemplate: false, freeze: true },
      ...{ byId: 'EPERM', count: 100, ids: 1, frozen: true, removed: 0, same: '1,0', asked: 1 },
    });
  });

  it('CAP_NET_ADMIN: device, socket and XSK maps cannot be made, all others can', async () => {
    const all = await scratch().open().probe();
    const printed = inChild(TYPES.replaceAll('ROOT', scratch().root), withCapabilities('-all,+bpf'));
    const needIt = ['DevMap', 'DevMapHash', 'SockHash', 'SockMap', 'XSKMap'].map(type => `inner.${type}`);
    const nobodyCan = Object.keys(all.features).filter(
      name => name.startsWith('inner.') && all.features[name] === false,
    );
    expect(printed.split(' ')).to.deep.equal([...new Set([...needIt, ...nobodyCan])].sort());
  });

  it('CAP_NET_ADMIN: says so before it suspects anything else', () => {
    const denied = DENIED.replaceAll('ROOT', scratch().root);
    expect(inChild(denied, withCapabilities('-all,+bpf'))).to.match(
      /EPERM, a SockMap needs CAP_NET_ADMIN beside CAP_BPF: give it to this process \(agent.extraCapabilities/,
    );
  });

  it('CAP_SYS_ADMIN: says that a seed of zero needs it', () => {
    const seeded = SEEDED.replaceAll('ROOT', scratch().root);
    expect(inChild(seeded, withCapabilities('-all,+bpf'))).to.match(
      /EPERM, a Hash with ZeroSeed needs CAP_SYS_ADMIN beside CAP_BPF: give it to this process/,
    );
  });
});

function libbpf(): string {
  const paths = "PATH=$PATH:/sbin:/usr/sbin ldconfig -p | sed -n 's/.*libbpf.so.1 .*=> //p'";
  return execFileSync('sh', ['-c', paths], { encoding: 'utf8' }).split('\n')[0]!;
}

/** Starts a program that does not see this file, but another in its place. */
function without(file: string, other = '/dev/null'): readonly string[] {
  const hidden = `mount --bind "$(readlink -f ${other})" "$(readlink -f ${file})" && exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', hidden, 'sh'];
}

const SEEDED = `
  const spec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 1 << 6 };
  openKernel({ bpffs: 'ROOT' }).createOuter({ ...spec, type: 'HashOfMaps', flags: 0 }, spec, 'libbpf_seed');
`;

const DENIED = `
  const spec = { keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 };
  openKernel({ bpffs: 'ROOT' }).createOuter({ ...spec, type: 'HashOfMaps' }, { ...spec, type: 'SockMap' }, 'libbpf_net');
`;

const TYPES = `
  const { features } = await openKernel({ bpffs: 'ROOT' }).probe();
  console.log(Object.keys(features).filter(name => name.startsWith('inner.') && !features[name]).sort().join(' '));
`;

const ROUND_TRIP = `
  const kernel = openKernel({ bpffs: 'ROOT' });
  const { openById, readTemplate, freeze } = (await kernel.probe()).features;
  const spec = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 128, flags: 0 };
  const outer = kernel.createOuter({ ...spec, type: 'HashOfMaps', valueSize: 4 }, spec, 'libbpf_child');
  const keys = new Uint8Array(new Uint32Array(100).map((_, index) => index).buffer);
  const entries = { count: 100, keys, values: new Uint8Array(800) };
  const pin = 'ROOT/child';
  const [inner] = await kernel.build([{ spec, name: 'libbpf_child', label: 'child', entries, freeze: true, pins: [pin] }]);
  await kernel.replace(outer, keys.slice(0, 4), [inner]);
  const ids = (await kernel.readOuter(outer)).count;
  const [read] = await kernel.readInner([{ pin }]);
  const removed = (await kernel.remove(outer, keys.slice(0, 4))).size;
  let byId = '';
  try { kernel.openById(inner.id) } catch (error) { byId = error.errno }
  const before = kernel.counts().fd_by_id;
  const expected = { address: { pin }, id: inner.id, spec, frozen: true, entries, exact: true };
  const same = (await kernel.verify([expected, { ...expected, frozen: false }])).join();
  await kernel.verify([expected, expected]);
  const asked = kernel.counts().fd_by_id - before;
  const { count } = read.entries;
  const { frozen } = read;
  console.log(JSON.stringify({ openById, readTemplate, freeze, byId, count, ids, frozen, removed, same, asked }));
`;
