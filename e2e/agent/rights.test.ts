import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bpftool, NATIVE } from '../../native/stage.ts';
import { useLoadedAgent } from './support/loadedagent.ts';
import { innerMap, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { INNERMAP, ran } from './support/process.ts';
import { idsIn, pinsBelow, shown, treeBelow } from './support/witness.ts';

const DRIVER = join(NATIVE, 'build', 'driver');
/** As a pod has it: uid 0 without anything else. */
const BPF_ALONE = [DRIVER, 'drop-caps', 'bpf', '--'];
const CAP_BPF = 1n << 39n;
const OFTEN = ['--resync', '1s', '--content-resync', '2s'];

describe('agent with CAP_BPF alone', () => {
  const fixture = useLoadedAgent();

  it('creates, swaps, edits, repairs and removes', async () => {
    const place = { outerMap: 'tenants' };
    const sealed = innerMap('a/sealed', { ...place, key: 3 }, { 1: 3 }, { sealed: true });
    const edited = (value: number) =>
      innerMap('a/edited', { ...place, key: 2 }, { 1: value }, { update: 'InPlace' });
    const swapped = (value: number) => innerMap('a/swapped', { ...place, key: 1 }, { 1: value });
    const held = (one: number, two: number) => ({
      [u32(1)]: u32Pairs({ 1: one }),
      [u32(2)]: u32Pairs({ 1: two }),
    });
    const three = { [u32(3)]: u32Pairs({ 1: 3 }) };
    fixture().write('maps.yaml', outerMap('tenants'), swapped(1), edited(2), sealed);
    const agent = await fixture().started({ before: BPF_ALONE, options: OFTEN });
    expect(capabilitiesOf(agent.pid)).to.equal(CAP_BPF);
    await fixture().holds('tenants', { ...held(1, 2), ...three });
    fixture().write('maps.yaml', outerMap('tenants'), swapped(10), edited(20), sealed);
    await fixture().holds('tenants', { ...held(10, 20), ...three });
    bpftool('delete', fixture().pin('tenants'), u32(3));
    bpftool('update', idsIn(fixture().pin('tenants')).get(u32(1))!, u32(1), u32(7));
    await fixture().holds('tenants', { ...held(10, 20), ...three });
    await fixture().reported(({ state }) => state.drift.repaired === 2);
    fixture().write('maps.yaml', outerMap('tenants'), swapped(10));
    await fixture().holds('tenants', { [u32(1)]: u32Pairs({ 1: 10 }) });
    expect(agent.log).to.not.match(/PermissionDenied|EPERM|EACCES/);
  });

  it('reads its own through their pins after a restart, and writes nothing anew', async () => {
    const place = { outerMap: 'tenants' };
    const maps = [1, 2, 3].map(key => innerMap(`a/map-${key}`, { ...place, key }, { 1: key }));
    fixture().write('maps.yaml', outerMap('tenants'), ...maps);
    const first = await fixture().started({ before: BPF_ALONE });
    const before = shown(pinsBelow(fixture().bpffs));
    await first.end();
    await fixture().started({ before: BPF_ALONE });
    expect(shown(pinsBelow(fixture().bpffs)), 'the same maps, by their ids').to.deep.equal(before);
    expect(fixture().reportNow().turn).to.include({ steps: 0, inserted: 0, replaced: 0 });
    await fixture().endAll();
    const clean = ran([
      ...BPF_ALONE,
      process.execPath,
      INNERMAP,
      'clean',
      '--yes',
      '--bpffs',
      fixture().bpffs,
    ]);
    expect(clean.code, clean.error).to.equal(0);
    expect(treeBelow(fixture().bpffs)).to.deep.equal([]);
  });

  it('fills an adopted map, follows a dry trial where no template can be read, and plans nothing the next time', async () => {
    fixture().make(
      'tenants',
      '--type',
      'hash',
      '--max',
      '64',
      '--inner',
      'hash',
      '--inner-max',
      '16',
      '--inners',
      '1',
    );
    const adopted = outerMap('tenants', { provision: 'Adopt' });
    fixture().write('maps.yaml', adopted, innerMap('a/web', { outerMap: 'tenants', key: 7 }, { 1: 1 }));
    await fixture().started({ before: BPF_ALONE });
    await fixture().holds('tenants', { [u32(0)]: {}, [u32(7)]: u32Pairs({ 1: 1 }) });
    await fixture().endAll();
    const planned = ran([
      ...BPF_ALONE,
      process.execPath,
      INNERMAP,
      'plan',
      fixture().manifests,
      '--bpffs',
      fixture().bpffs,
    ]);
    expect(planned.code, planned.out + planned.error).to.equal(0);
  });

  it('keeps an inner map of a stranger that is as declared, and puts right what it holds otherwise', async () => {
    const shape = ['--type', 'hash', '--max', '64', '--inner', 'hash', '--inner-max', '16', '--inners', '2'];
    fixture().make('tenants', ...shape);
    const pin = fixture().pin('tenants');
    const before = idsIn(pin);
    bpftool('update', before.get(u32(1))!, u32(5), u32(6));
    const adopted = outerMap('tenants', { provision: 'Adopt' });
    const maps = [0, 1].map(key => innerMap(`a/own-${key}`, { outerMap: 'tenants', key }, {}));
    fixture().write('maps.yaml', adopted, ...maps);
    await fixture().started({ before: BPF_ALONE });
    await fixture().holds('tenants', { [u32(0)]: {}, [u32(1)]: {} });
    const after = idsIn(pin);
    expect(after.get(u32(0))).to.equal(before.get(u32(0)));
    expect(after.get(u32(1))).to.not.equal(before.get(u32(1)));
    const shown = ran([
      ...BPF_ALONE,
      process.execPath,
      INNERMAP,
      'get',
      'tenants',
      '--bpffs',
      fixture().bpffs,
    ]);
    expect(shown.out, shown.error).to.match(/^0 +\d+ +0 +- +yes +-$/m);
  });

  it('without it: one sentence that says what is missing, and exit code 2', () => {
    fixture().write('maps.yaml', outerMap('tenants'));
    const places = [
      '--manifests',
      fixture().manifests,
      '--bpffs',
      fixture().bpffs,
      '--report',
      fixture().report,
    ];
    const { code, error } = ran([DRIVER, 'drop-caps', '--', process.execPath, INNERMAP, 'agent', ...places]);
    expect(code).to.equal(2);
    expect(error.trim().split('\n')).to.have.length(1);
    expect(error).to.match(/EPERM/).and.to.include('CAP_BPF').and.to.include('root');
  });

  it('where no bpffs is mounted: one sentence with the command that mounts it, and exit code 2', () => {
    const { code, error } = fixture().innermap('plan', fixture().manifests, '--bpffs', fixture().directory);
    expect(code).to.equal(2);
    expect(error.trim().split('\n')).to.have.length(1);
    expect(error).to.include(`mount -t bpf bpf ${fixture().directory}`);
  });
});

function capabilitiesOf(pid: number): bigint {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1]}`);
}
