import { expect } from 'chai';
import { type Busy, onStage, startBusy, until, valueIn } from '../../native/stage.ts';
import type { Entries } from '../../operator/core/entries.ts';
import { openKernel, type RealKernel } from '../../operator/kernel/libbpf/kernel.ts';

const EDITS = 1_000_000;
/** Edits of one call. */
const CALL = 10_000;
const KEY = '00000000';

/** The program counts in the second half of a value, and edits are of the first. */
const MASK = Uint8Array.from({ length: 16 }, (_, at) => (at < 8 ? 0xff : 0));

describe('exact edits', function () {
  this.timeout(120_000);
  let busy: Busy | undefined;
  let kernel: RealKernel | undefined;
  // Before the stage is left: its maps would still be in use
  afterEach(async () => {
    await busy?.kill();
    kernel?.close();
    busy = kernel = undefined;
  });
  const stage = onStage();

  for (const outer of ['hash', 'array'] as const) {
    for (const [inner, type] of [
      ['hash', 'Hash'],
      ['array', 'Array'],
    ] as const) {
      it(`a million edits of an entry lose nothing that a program counts in it: ${outer} of maps, ${type}`, async () => {
        kernel = openKernel({ bpffs: stage().bpffs });
        expect((await kernel.probe()).features).to.include({ [`exactEdit.${type}`]: true });
        const size = ['--inner-value-size', '16', '--inners', '1', '--entries', '4'];
        const { inners } = stage().make('outer', '--type', outer, '--inner', inner, ...size, '--stamp', '1');
        const place = ['--key', KEY, '--entry', KEY, '--offset', '8'];
        busy = await startBusy('increment', '--outer', stage().pin('outer'), ...place);
        await until(busy, ({ increments }) => increments > 1000);
        const before = (await busy.soFar()).increments;

        await editAll(kernel, inners[0]!);
        const during = (await busy.soFar()).increments - before;
        const { increments } = await busy.end();

        const value = Buffer.from(valueIn(inners[0]!, KEY), 'hex');
        console.log(`      ${during} increments meanwhile, ${increments} in all`);
        expect(during, 'counted meanwhile').to.be.above(1000);
        expect(value.readBigUInt64LE(8), 'counted in the map').to.equal(BigInt(increments));
        expect(value.readBigUInt64LE(0), 'the last edit').to.equal(BigInt(EDITS - 1));
      });
    }
  }

  it('where no program of ours can write, an edit loses what is counted in its microsecond: LPMTrie', async () => {
    kernel = openKernel({ bpffs: stage().bpffs });
    expect((await kernel.probe()).features).to.include({ 'exactEdit.LPMTrie': false });
    const layout = ['--inner', 'lpm_trie', '--inner-key-size', '8', '--inner-flags', '1'];
    const size = ['--inner-value-size', '16', '--inners', '1', '--entries', '4', '--stamp', '1'];
    const { inners } = stage().make('outer', '--type', 'hash', ...layout, ...size);
    const place = ['--key', KEY, '--entry', PREFIX, '--offset', '8'];
    busy = await startBusy('increment', '--outer', stage().pin('outer'), ...place);
    for (let write = 1; write <= 100; write++) {
      await until(busy, ({ increments }) => increments > write * 20_000);
      const upserts = { count: 1, keys: Buffer.from(PREFIX, 'hex'), values: new Uint8Array(16).fill(write) };
      await editOf(kernel, inners[0]!, upserts);
    }
    const { increments } = await busy.end();
    const value = Buffer.from(valueIn(inners[0]!, PREFIX), 'hex');
    const lost = increments - Number(value.readBigUInt64LE(8));
    console.log(`      ${lost} of ${increments} increments lost in 100 edits`);
    expect(lost / increments, 'share that is lost').to.be.within(0, MOST_LOST);
    expect(value.subarray(0, 8)).to.deep.equal(Buffer.alloc(8, 100));
  });
});

/** 6 % and more where the value is not read right before it is written. */
const MOST_LOST = 0.03;
/** 0.0.0.0/32, the first that the driver makes. */
const PREFIX = '2000000000000000';

async function editOf(kernel: RealKernel, id: number, upserts: Entries): Promise<void> {
  const map = kernel.openById(id);
  try {
    const kept = { mask: MASK, entries: new Uint8Array(upserts.count).fill(1) };
    const failed = await kernel.edit(map, { upserts, deletes: new Uint8Array(0), kept });
    expect(failed.size).to.equal(0);
  } finally {
    map.close();
  }
}

/** The same entry all the time, each time with another number. */
async function editAll(kernel: RealKernel, id: number): Promise<void> {
  const keys = new Uint8Array(4 * CALL);
  for (let first = 0; first < EDITS; first += CALL) {
    const words = BigUint64Array.from({ length: 2 * CALL }, (_, at) => BigInt(first + (at >> 1)));
    await editOf(kernel, id, { count: CALL, keys, values: new Uint8Array(words.buffer) });
  }
}
