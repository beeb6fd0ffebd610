import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { Faults } from '../../operator/kernel/libbpf/testing/faults.ts';
import { type LoadedAgentFixture, useLoadedAgent } from './support/loadedagent.ts';
import { fileText, innerMap, type Manifest, outerMap } from './support/manifests.ts';
import { oneTurn, type TurnResult } from './support/oneturn.ts';
import type { Ended, Running } from './support/process.ts';
import { contentsAt, idsIn, pinsBelow, shown, treeBelow } from './support/witness.ts';

const DOOMED = join(import.meta.dirname, 'support', 'doomed.js');

/** A part of the test's bpffs, and a folder: one walk's step happens there, and nothing else. */
class Place {
  readonly bpffs: string;
  readonly manifests: string;

  constructor(fixture: LoadedAgentFixture) {
    this.bpffs = mkdtempSync(join(fixture.bpffs, 'place-'));
    this.manifests = join(fixture.directory, basename(this.bpffs));
    mkdirSync(this.manifests);
  }

  write(...manifests: readonly Manifest[]): void {
    writeFileSync(join(this.manifests, 'maps.yaml'), fileText(manifests));
  }

  async turned(...manifests: readonly Manifest[]): Promise<TurnResult> {
    this.write(...manifests);
    return expectWell(await oneTurn(this));
  }

  pin(name: string): string {
    return join(this.bpffs, name);
  }

  leave(): void {
    rmSync(this.manifests, { recursive: true });
    for (const name of treeBelow(this.bpffs).toReversed()) {
      const path = join(this.bpffs, name.split(' -> ')[0]!);
      if (name.endsWith('/')) rmdirSync(path);
      else unlinkSync(path);
    }
    rmdirSync(this.bpffs);
  }
}

interface Walk {
  /** Brings the kernel to where the plan starts, and the folder to what it is about. */
  prepare(place: Place, fixture: LoadedAgentFixture): Promise<void>;
  /** What the undisturbed plan does. */
  readonly steps: readonly string[];
}

const TENANTS = outerMap('tenants', { pin: 'edge/tenants', deletionPolicy: 'Delete' });
const KEYS = [1, 2, 3].map(key => ({ outerMap: 'tenants', key }));
const ADOPTED = outerMap('tenants', { provision: 'Adopt', deletionPolicy: 'Delete' });

const CREATING: Walk = {
  async prepare(place) {
    place.write(TENANTS, ...threeMaps());
  },
  steps: ['record', 'create', 'pin', 'insert', 'insert', 'insert'],
};

const CHANGING: Walk = {
  async prepare(place) {
    await place.turned(
      TENANTS,
      ...threeMaps(),
      innerMap('a/late', { outerMap: 'tenants', key: 4 }, { 1: 4 }),
    );
    place.write(
      outerMap('tenants', { pin: 'tenants', deletionPolicy: 'Delete' }),
      innerMap('a/swapped', KEYS[0]!, { 1: 11, 2: 12 }),
      innerMap('a/edited', KEYS[1]!, { 1: 2, 3: 3 }, { update: 'InPlace' }),
      innerMap('a/sealed', KEYS[2]!, { 1: 3 }, { sealed: true }),
      innerMap('a/new', { outerMap: 'tenants', key: 5 }, { 1: 5 }),
    );
  },
  steps: ['unpin', 'record', 'pin', 'replace', 'replace', 'insert', 'edit', 'remove'],
};

/** Its places are given up side by side, by threads of one call. */
const ARRAY = outerMap('tenants', {
  ...{ type: 'ArrayOfMaps', key: undefined, maxEntries: 8 },
  deletionPolicy: 'Delete',
});

const GIVING_UP_PLACES: Walk = {
  async prepare(place) {
    const others = [4, 5, 6].map(key => innerMap(`a/m${key}`, { outerMap: 'tenants', key }, { 1: key }));
    await place.turned(ARRAY, ...threeMaps(), ...others);
    place.write(ARRAY, ...others);
  },
  steps: ['remove', 'remove', 'remove'],
};

const LETTING_GO: Walk = {
  async prepare(place) {
    await place.turned(TENANTS, ...threeMaps());
    place.write(outerMap('others', { pin: 'others' }));
  },
  steps: ['record', 'create', 'pin', 'letGo'],
};

const MAKING_ANEW: Walk = {
  async prepare(place) {
    await place.turned(TENANTS, ...threeMaps());
    unlinkSync(place.pin('edge/tenants'));
    unlinkSync(place.pin('innermap/tenants/outer'));
  },
  steps: ['create', 'pin', 'unlink', 'unlink', 'unlink', 'insert', 'insert', 'insert'],
};

const ADOPTING_ANEW: Walk = {
  async prepare(place, fixture) {
    stranger(fixture, place, 'tenants');
    await place.turned(ADOPTED, ...threeMaps());
    stranger(fixture, place, 'reloaded');
    renameSync(place.pin('reloaded'), place.pin('tenants'));
  },
  steps: ['adopt', 'unlink', 'unlink', 'unlink', 'replace', 'insert', 'insert'],
};

const LEAVING_ADOPTED: Walk = {
  async prepare(place, fixture) {
    stranger(fixture, place, 'tenants');
    await place.turned(ADOPTED, ...threeMaps());
    place.write(outerMap('others', { pin: 'others' }));
  },
  steps: ['record', 'create', 'pin', 'letGo'],
};

describe('kill -9 before every change, inside of bulk calls too', () => {
  const fixture = useLoadedAgent();
  before(() => Faults.make());
  const walk = (title: string, steps: Walk) =>
    it(`${title}: the next start converges, the one after it changes nothing`, async function () {
      this.timeout(300_000);
      await walked(fixture(), steps);
    });

  walk('making an outer map with its inner maps', CREATING);
  walk('swapping, inserting, editing, sealing, removing, and moving the pin', CHANGING);
  walk('giving up places of an array', GIVING_UP_PLACES);
  walk('letting go of an outer map that was made', LETTING_GO);
  walk('making an outer map anew whose pins somebody took away', MAKING_ANEW);
  walk('adopting the map that a reloaded program pinned', ADOPTING_ANEW);
  walk('letting go of an adopted outer map', LEAVING_ADOPTED);
});

async function walked(fixture: LoadedAgentFixture, walk: Walk): Promise<void> {
  const whole = new Place(fixture);
  await walk.prepare(whole, fixture);
  const { steps } = expectWell(await oneTurn(whole));
  expect(steps).to.deep.equal(walk.steps);
  const undisturbed = snapshot(whole);
  whole.leave();
  const start = performance.now();
  let calls = 0;
  for (let next = new Doomed(fixture, 0); ; calls++) {
    const victim = next;
    next = new Doomed(fixture, calls + 1);
    const place = new Place(fixture);
    await walk.prepare(place, fixture);
    const { code, signal, error } = await victim.dieBefore(calls + 1, place);
    expect(signal === 'SIGKILL' || code === 0, `call ${calls}: ${error}`).to.equal(true);
    await expectConverged(place, { undisturbed, what: `killed before call ${calls}` });
    place.leave();
    if (signal === null) break;
  }
  console.log(`      ${calls} calls, ${Math.round((performance.now() - start) / calls)} ms each`);
  expect(calls).to.be.above(walk.steps.length);
}

async function expectConverged(
  place: Place,
  { undisturbed, what }: { readonly undisturbed: unknown; readonly what: string },
): Promise<void> {
  const recovery = await oneTurn(place);
  expect(recovery.failed, what).to.deep.equal([]);
  expect(snapshot(place), `${what}, then ${recovery.steps.join(' ')}`).to.deep.equal(undisturbed);
  const again = await oneTurn(place);
  expect(again.mutations, `${what}, then a start with nothing to do`).to.deep.equal([]);
}

/** A process that dies in the middle. Started ahead of its time: half of its life is loading the program. */
class Doomed {
  readonly #file: string;
  readonly #process: Running;

  constructor(fixture: LoadedAgentFixture, number: number) {
    this.#file = join(fixture.directory, `faults-${number}`);
    this.#process = fixture.launch([...Faults.before(this.#file), process.execPath, DOOMED]);
  }

  dieBefore(number: number, { bpffs, manifests }: Place): Promise<Ended> {
    const faults = new Faults(this.#file);
    faults.dieBefore(number, bpffs);
    faults.close();
    this.#process.tell(JSON.stringify({ bpffs, manifests }));
    return this.#process.ended();
  }
}

/** Says when keys went: of a turn that was killed, and of none that was not. */
const MOMENTS = /\/removed -> /;

/** All that can be seen from outside, but for ids and moments. */
function snapshot(place: Place): unknown {
  const pins = pinsBelow(place.bpffs);
  const maps = shown(pins);
  const described = maps.map(({ type, name, frozen }, at) => `${pins[at]} ${type} ${name} frozen ${frozen}`);
  const outers = pins.filter((_, at) => String(maps[at]!.type).endsWith('_of_maps'));
  return {
    tree: treeBelow(place.bpffs)
      .filter(line => !MOMENTS.test(line))
      .map(line => line.replaceAll(place.bpffs, '')),
    maps: described.map(line => line.replace(place.bpffs, '')),
    contents: outers.map(contentsAt),
    ours: proven(
      place,
      pins,
      maps.map(({ id }) => id),
    ),
    /** Pins and what hangs below them: a map that nothing proves ours would be one more. */
    mapCount: new Set([...maps.map(({ id }) => id), ...outers.flatMap(pin => [...idsIn(pin).values()])]).size,
  };
}

/** The inner pins whose ids are those of the entries. */
function proven(place: Place, pins: readonly string[], ids: readonly number[]): readonly string[] {
  const outer = place.pin('innermap/tenants/outer');
  if (!pins.includes(outer)) return [];
  const entries = idsIn(outer);
  return [...entries]
    .filter(([key, id]) => ids[pins.indexOf(place.pin(`innermap/tenants/inner/${key}`))] === id)
    .map(([key]) => key);
}

function expectWell(result: TurnResult): TurnResult {
  expect(result.failed).to.deep.equal([]);
  return result;
}

function threeMaps(): Manifest[] {
  return [
    innerMap('a/swapped', KEYS[0]!, { 1: 1 }),
    innerMap('a/edited', KEYS[1]!, { 1: 2, 2: 2 }, { update: 'InPlace' }),
    innerMap('a/sealed', KEYS[2]!, { 1: 3 }),
  ];
}

/** Two entries of its own: key 1 is declared too, key 0 is not. */
function stranger(fixture: LoadedAgentFixture, place: Place, name: string): void {
  const layout = ['--type', 'hash', '--max', '64', '--inner', 'hash', '--inner-max', '16'];
  fixture.make(`${basename(place.bpffs)}/${name}`, ...layout, '--inners', '2', '--entries', '2');
}
