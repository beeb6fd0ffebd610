import { join } from 'node:path';
import { expect } from 'chai';
import { NATIVE, valueIn } from '../../native/stage.ts';
import { useLoadedAgent } from '../agent/support/loadedagent.ts';
import { innerMap, outerMap, u32 } from '../agent/support/manifests.ts';
import { eventually, INNERMAP, type Running, ran } from '../agent/support/process.ts';
import { idsIn, treeBelow } from '../agent/support/witness.ts';
import { ABSENT, Brought, type BroughtObject, pasted } from './support/brought.ts';

/** The rights that the chart and the unit give. */
const BPF_ALONE = [join(NATIVE, 'build', 'driver'), 'drop-caps', 'bpf', '--'];

/** A program, its outer map as its user declares it, and the one entry of each inner map. */
interface Program extends BroughtObject {
  readonly title: string;
  readonly spec: object;
  readonly entry: string;
  readonly value: string;
  /** What the entry is declared as, for what `look` answers. */
  readonly declared: (answer: number) => object;
  /** Where in the value the program counts, eight bytes. */
  readonly counts: number;
}

const STRUCTS: Program = {
  ...{ name: 'structs', title: 'with a struct-typed template' },
  spec: {
    inner: {
      ...{ type: 'Hash', maxEntries: 64, programOwned: ['packets'] },
      ...{ key: pasted('structs', 'service'), value: pasted('structs', 'rule') },
    },
  },
  entry: '01bb0600',
  value: `${u32(1)}${'00'.repeat(12)}${Buffer.from('theirs\0\0').toString('hex')}`,
  declared: action => ({ key: { port: 443, proto: 6 }, value: { action, note: 'theirs' } }),
  counts: 8,
};

const LOCKED: Program = {
  ...{ name: 'locked', title: 'with a spin lock' },
  spec: {
    inner: {
      ...{ type: 'Hash', maxEntries: 64, programOwned: ['taken'] },
      ...{ key: '__u32', value: pasted('locked', 'bucket') },
    },
  },
  entry: u32(7),
  value: `${u32(0, 1)}${'00'.repeat(8)}`,
  declared: rate => ({ key: 7, value: { rate } }),
  counts: 8,
};

const UNIONS: Program = {
  ...{ name: 'unions', title: 'with unions' },
  spec: {
    type: 'ArrayOfMaps',
    inner: {
      ...{ type: 'Hash', maxEntries: 64, programOwned: ['packets'] },
      ...{ key: pasted('unions', 'endpoint'), value: pasted('unions', 'real') },
    },
  },
  entry: `0a010007${'00'.repeat(12)}bb010600`,
  value: `0a020002${'00'.repeat(12)}01${'00'.repeat(15)}`,
  declared: flags => ({
    key: { vip: 0x0a010007, port: 443, proto: 6 },
    value: { dst: 0x0a020002, flags },
  }),
  counts: 24,
};

const PACKETS = 20;
const RINGS: BroughtObject = { name: 'rings' };
const RING_SPEC = { type: 'ArrayOfMaps', inner: { type: 'RingBuf', maxEntries: 65_536 } };

describe('programs of others', function () {
  this.timeout(120_000);
  const fixture = useLoadedAgent();

  for (const program of [STRUCTS, LOCKED, UNIONS])
    it(`one ${program.title}: adopted with CAP_BPF alone, edited, deleted, cleaned`, async () => {
      const brought = new Brought(fixture(), program);
      const theirs = brought.load('--keys', '2');
      await (await adopted(program, theirs)).end();
      expect([brought.look(0), brought.look(1)], 'the program goes on').to.deep.equal([1, 1]);
      const agent = await adopted(program, theirs);
      await edited(program, brought);
      expectNothingToDo();
      await deletedAndCleaned(agent, brought, theirs[0]!);
    });

  for (const program of [STRUCTS, LOCKED, UNIONS])
    it(`one ${program.title}: edited in place, it keeps its inner map and what it counted`, async () => {
      const brought = new Brought(fixture(), program);
      const theirs = brought.load('--keys', '2');
      await adopted(program, theirs);
      for (let packet = 0; packet < PACKETS; packet++) brought.look(1);
      await edited(program, brought);
      expect(ids()).to.deep.equal(atKeys(theirs));
      expect(countOf(program)).to.be.at.least(PACKETS);
    });

  it('one that is reloaded: its map is taken again, and a new one is filled', async () => {
    const brought = new Brought(fixture(), STRUCTS);
    const theirs = brought.load('--keys', '2');
    const agent = await adopted(STRUCTS, theirs);
    await edited(STRUCTS, brought);
    const before = ids();
    brought.load('--keys', '2', '--reuse');
    expect([brought.look(1), ids()], 'reused as it is').to.deep.equal([2, before]);
    const fresh = brought.load('--keys', '1');
    await eventually('the new map is filled', () => ids().length === 2 && brought.look(1) === 2);
    await eventually('nothing is left to do', () => plan().out.startsWith('Nothing to do'));
    await deletedAndCleaned(agent, brought, fresh[0]!);
  });

  it('one that fills its keys at each start: a declared key gets its declared contents back', async () => {
    const brought = new Brought(fixture(), STRUCTS);
    const theirs = brought.load('--keys', '2');
    const agent = await adopted(STRUCTS, theirs, ['--resync', '500ms']);
    await edited(STRUCTS, brought);
    const again = brought.load('--keys', '2', '--reuse', '--overwrite');
    await eventually('the declared contents are back', () => brought.look(1) === 2);
    expect(ids()[0], 'what nobody declares is theirs').to.deep.equal([u32(0), again[0]]);
    await deletedAndCleaned(agent, brought, again[0]!);
  });

  it('one that holds its inner maps open: what it writes there is what the program sees', async () => {
    const brought = new Brought(fixture(), STRUCTS);
    const loader = await brought.hold('--keys', '2');
    const theirs = heldBy(loader);
    const agent = await adopted(STRUCTS, theirs);
    const { value, counts } = STRUCTS;
    loader.tell(`1 ${value.slice(0, 2 * counts)}${u32(1000, 0)}${value.slice(2 * counts + 16)}\n`);
    await eventually('its loader wrote', () => countOf(STRUCTS) === 1000);
    expect(brought.look(1)).to.equal(1);
    expect(countOf(STRUCTS), 'the program counts in the same map').to.equal(1001);
    expect(ids(), 'the same inner maps').to.deep.equal(atKeys(theirs));
    expectNothingToDo();
    await edited(STRUCTS, brought);
    await deletedAndCleaned(agent, brought, theirs[0]!);
  });

  it('one with ring buffers at keys: its consumer goes on hearing, a new key has one of ours', async () => {
    const brought = new Brought(fixture(), RINGS);
    const consumer = await brought.hold('--keys', '2');
    const theirs = heldBy(consumer);
    write(RING_SPEC, ring(1));
    const agent = await fixture().started({ before: BPF_ALONE });
    expect(ids(), 'taken as they are').to.deep.equal(atKeys(theirs));
    expectNothingToDo();
    expect(brought.look(1)).to.equal(1);
    await consumer.printed(/"heard":1/);
    write(RING_SPEC, ring(1), ring(3));
    await eventually('the new key has a ring buffer', () => brought.look(3) === 1);
    expect(brought.look(1)).to.equal(1);
    await consumer.printed(/"heard":1[\s\S]*"heard":1/);
    await deletedAndCleaned(agent, brought, theirs[0]!);
    expect(brought.look(0)).to.equal(1);
    await consumer.printed(/"heard":0/);
  });

  /** Key 1 is declared as it is there, key 0 by nobody. */
  async function adopted(program: Program, theirs: readonly number[], options: readonly string[] = []) {
    write(program.spec, of(program, 1));
    const agent = await fixture().started({ before: BPF_ALONE, options });
    expect(ids(), 'taken as they are').to.deep.equal(atKeys(theirs));
    expectNothingToDo();
    return agent;
  }

  async function edited(program: Program, brought: Brought): Promise<void> {
    write(program.spec, of(program, 2));
    await eventually('the program answers as declared', () => brought.look(1) === 2);
  }

  async function deletedAndCleaned(agent: Running, brought: Brought, left: number): Promise<void> {
    fixture().erase('keys.yaml');
    await eventually('no declared key is left', () => ids().length === 1);
    expect(ids(), 'what nobody declared stays').to.deep.equal([[u32(0), left]]);
    expect(brought.look(1)).to.equal(ABSENT);
    await fixture().reported(({ outerMaps }) => outerMaps[0]?.ready === true);
    expectNothingToDo();
    await agent.end();
    const cleaned = fixture().here('clean', '--yes');
    expect(cleaned.code, cleaned.error + cleaned.out).to.equal(0);
    expect(ids(), 'a map of others stays').to.deep.equal([[u32(0), left]]);
    const records = treeBelow(fixture().pin('innermap')).filter(name => name.startsWith('slots'));
    expect(records, 'records of ours').to.deep.equal([]);
  }

  function write(spec: object, ...keys: readonly ReturnType<typeof innerMap>[]): void {
    const adopts = { provision: 'Adopt', maxEntries: 16, pin: 'slots', ...spec };
    fixture().write('outer.yaml', outerMap('slots', adopts));
    fixture().write('keys.yaml', ...keys);
  }

  /** Key and id of each inner map. */
  function ids(): readonly (readonly [string, number])[] {
    return [...idsIn(fixture().pin('slots'))];
  }

  function countOf({ entry, counts }: Program): number {
    const value = Buffer.from(valueIn(new Map(ids()).get(u32(1))!, entry), 'hex');
    return Number(value.readBigUInt64LE(counts));
  }

  function plan() {
    const words = [INNERMAP, 'plan', fixture().manifests, '--bpffs', fixture().bpffs];
    return ran([...BPF_ALONE, process.execPath, ...words]);
  }

  function expectNothingToDo(): void {
    const planned = plan();
    expect(planned.out + planned.error).to.equal('Nothing to do: the kernel is as declared\n');
  }
});

function of({ declared }: Program, answer: number) {
  return innerMap('a/one', { outerMap: 'slots', key: 1 }, {}, { entries: [declared(answer)] });
}

function ring(key: number) {
  return innerMap(`a/ring-${key}`, { outerMap: 'slots', key });
}

function atKeys(inners: readonly number[]): readonly (readonly [string, number])[] {
  return inners.map((id, key) => [u32(key), id]);
}

function heldBy(loader: Running): readonly number[] {
  return JSON.parse(/"inners":(\[[^\]]*\])/.exec(loader.printedText)![1]!) as readonly number[];
}
