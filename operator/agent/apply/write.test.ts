import { expect } from 'chai';
import { parseInnerMap } from '../../api/parse/manifest.ts';
import { hex } from '../../core/bytes/hex.ts';
import type { DesiredInner } from '../../core/desired/compile.ts';
import { ledgerPaths } from '../../core/ledgerrecord.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Step } from '../../core/plan/step.ts';
import type { Kernel, OpenMap } from '../../kernel/kernel.ts';
import { Crash } from '../../kernel/testing/fake/faults.ts';
import type { FakeKernel } from '../../kernel/testing/fake/kernel.ts';
import { FakeMachine } from '../../kernel/testing/fake/machine.ts';
import { ApplyContext } from './context.ts';
import { applyWrites } from './write.ts';

type Insert = Extract<Step, { verb: 'insert' | 'replace' }>;

/** So many empty inner maps take a grace period to build; four times as many are a wave that is parted. */
const TAIL = 3000;
const MANY = 4 * TAIL;
const INNER: MapSpec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 200_000, flags: 0 };
const PATHS = ledgerPaths('/sys/fs/bpf', 'tenants');

describe('applyWrites', () => {
  it('builds the end of a large wave in the grace period of the rest', async () => {
    const { machine, kernel } = kernelFixture();
    const watched = new Watched(kernel);
    const outcomes = await applyWrites(inserts(MANY), watched.context());
    expect(watched.log).to.deep.equal([
      `build ${MANY - TAIL}`,
      `replace ${MANY - TAIL}`,
      `build ${TAIL}`,
      `replace ${TAIL}`,
    ]);
    expect(outcomes.every(({ ok }) => ok)).to.equal(true);
    expect(Object.keys(machine.dump(PATHS.outer))).to.have.length(MANY);
  });

  it('settles what is in while the end waits for its own grace period', async () => {
    const { kernel, machine } = kernelFixture();
    const watched = new Watched(kernel);
    const openAtEnd: number[] = [];
    watched.grace = async wave => {
      await ticks(wave === 2 ? 50 : 1);
      openAtEnd.push(machine.openFds(kernel));
    };
    await applyWrites(inserts(MANY), watched.context());
    // The outer map and the end itself
    expect(openAtEnd[1]).to.be.at.most(TAIL + 1);
  });

  it('leaves a wave whole whose end is not worth a grace period', async () => {
    const watched = new Watched(kernelFixture().kernel);
    await applyWrites(inserts(TAIL - 1), watched.context());
    expect(watched.log).to.deep.equal([`build ${TAIL - 1}`, `replace ${TAIL - 1}`]);
  });

  it('never has more inner maps open than openMapsLimit, both waves together', async () => {
    const { kernel, machine } = kernelFixture(MANY);
    const watched = new Watched(kernel);
    let most = 0;
    watched.grace = async () => {
      most = Math.max(most, machine.openFds(kernel));
    };
    const outcomes = await applyWrites(inserts(2 * MANY + 10), watched.context());
    expect(outcomes.filter(({ ok }) => !ok)).to.deep.equal([]);
    expect(most).to.be.at.most(MANY + 1);
  });

  it('has no more keys in a wave than are joined without a pause; one inner map may have them all', async () => {
    const watched = new Watched(kernelFixture().kernel);
    const shared = inserts(45_000, at => Math.floor(at / 10_000)).map(step => ({
      ...step,
      inner: { ...step.inner, isShareable: true },
    }));
    const outcomes = await applyWrites(shared, watched.context());
    expect(outcomes.filter(({ ok }) => !ok)).to.deep.equal([]);
    expect(watched.log.filter(line => line.startsWith('replace'))).to.deep.equal([
      ...Array(3).fill('replace 10000'),
      'replace 15000',
    ]);
  });

  it('tries the end again by itself where memory ended before the rest was in', async () => {
    const { kernel, machine } = kernelFixture();
    machine.failNext('build', 'ENOMEM', 1, 'a/m4');
    const large = inserts(4, at => (at === 3 ? 150_000 : 1));
    const outcomes = await applyWrites(large, new ApplyContext(kernel));
    expect(outcomes.map(({ ok }) => ok)).to.deep.equal([true, true, true, true]);
    expect(machine.openFds(kernel)).to.equal(1);
  });

  it('ends with the error of a swap that broke while the end was built, and leaves nothing open or pinned', async () => {
    const { kernel, machine } = kernelFixture();
    const watched = new Watched(kernel);
    watched.grace = async wave => {
      if (wave === 1) throw new TypeError('broken');
      await ticks(2);
    };
    const error = await applyWrites(inserts(MANY), watched.context()).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(TypeError);
    expect(machine.openFds(kernel)).to.equal(1);
    expect(kernel.pins.list(PATHS.inner)).to.have.length(TAIL);
  });

  it('killed anywhere, leaves no entry of the outer map without its pin', async () => {
    for (const share of [0.1, 0.4, 0.55, 0.7, 0.8, 0.95]) {
      const { kernel, machine } = kernelFixture();
      let left = Math.floor(share * 3 * MANY);
      machine.onMutation(what => {
        if (left-- === 0) throw new Crash(what);
      });
      const error = await applyWrites(inserts(MANY), new ApplyContext(kernel)).catch(thrown => thrown);
      expect(error).to.be.instanceOf(Crash);
      machine.onMutation(undefined);
      machine.kill(kernel);
      const next = machine.openKernel();
      const pinned = new Set(next.pins.list(PATHS.inner));
      const without = Object.keys(machine.dump(PATHS.outer)).filter(key => !pinned.has(key));
      expect(without, `killed at ${share}`).to.deep.equal([]);
      expect(machine.openFds(kernel)).to.equal(0);
    }
  }).timeout(60_000);
});

/** An empty outer map in the ledger. */
function kernelFixture(openMapsLimit = 100_000): { machine: FakeMachine; kernel: FakeKernel } {
  const machine = new FakeMachine();
  const kernel = machine.openKernel({ openMapsLimit });
  const outer: MapSpec = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 100_000, flags: 0 };
  kernel.pins.makeDirectory(PATHS.inner);
  const map = kernel.createOuter(outer, INNER, 'tenants');
  kernel.pins.pin(map, PATHS.outer, 0o600);
  map.close();
  return { machine, kernel };
}

/** Inserts of `a/m1`, `a/m2` …, each with as many entries as `entries` says. */
function inserts(count: number, entries: (at: number) => number = () => 0): readonly Insert[] {
  return Array.from({ length: count }, (_, at) => ({
    verb: 'insert',
    outer: 'tenants',
    inner: desired(at + 1, entries(at)),
    cause: 'declared',
    pinTaken: false,
  }));
}

function desired(number: number, count: number): DesiredInner {
  const parsed = parseInnerMap({
    apiVersion: 'innermap.io/v1alpha1',
    kind: 'InnerMap',
    metadata: { name: `m${number}`, namespace: 'a' },
    spec: { outerMap: 'tenants', key: number },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const key = new Uint8Array(Uint32Array.of(number).buffer);
  const words = new Uint8Array(Uint32Array.from({ length: count }, (_, at) => at).buffer);
  return {
    kind: 'desired',
    innerMap: parsed.value.innerMap,
    owner: '0000000a',
    keyHex: hex(key),
    keyText: String(number),
    spec: INNER,
    entries: { count, keys: words, values: words },
    update: 'Swap',
    exact: true,
    sealed: false,
    isShareable: false,
  };
}

/** Logs in which order waves are built and replaced; `grace` is awaited with the number of the wave before it is in. */
class Watched {
  readonly log: string[] = [];
  grace: (wave: number) => Promise<void> = () => ticks(2);
  readonly #kernel: FakeKernel;
  #waves = 0;

  constructor(kernel: FakeKernel) {
    this.#kernel = kernel;
  }

  context(): ApplyContext {
    const kernel = this.#kernel;
    const watched: Partial<Kernel> = {
      pins: kernel.pins,
      openMapsLimit: kernel.openMapsLimit,
      open: pin => kernel.open(pin),
      build: requests => {
        const all = [...requests].filter(request => request !== undefined);
        this.log.push(`build ${all.length}`);
        return kernel.build(all);
      },
      replace: (outer, keys, inners) => this.#replace(outer, keys, inners),
      settle: (...given) => kernel.settle(...given),
    };
    return new ApplyContext(watched as Kernel);
  }

  async #replace(outer: OpenMap, keys: Uint8Array, inners: readonly OpenMap[]) {
    this.log.push(`replace ${inners.length}`);
    this.#waves += 1;
    await this.grace(this.#waves);
    return this.#kernel.replace(outer, keys, inners);
  }
}

/** So many turns of the event loop. */
async function ticks(count: number): Promise<void> {
  for (let tick = 0; tick < count; tick++) await new Promise(resume => setImmediate(resume));
}
