import { expect } from 'chai';
import { type Busy, bpftool, onStage, startBusy, until, valueIn } from './stage.ts';

const KEY = '01000000';
const SIZE = ['--inners', '2', '--entries', '100', '--inner-max', '100'];

/** A reader that sees nothing wrong proves nothing unless it sees what is wrong. */
describe('native: reader', () => {
  let busy: Busy | undefined;
  // Before the stage is left: its maps would still be in use
  afterEach(async () => {
    await busy?.kill();
    busy = undefined;
  });
  const stage = onStage();

  for (const outer of ['hash', 'array']) {
    for (const inner of ['hash', 'array']) {
      describe(`read_pass over a ${outer} of maps, inner type ${inner}`, () => {
        let inners: readonly number[];
        let reader: Busy;

        beforeEach(async () => {
          const types = ['--type', outer, '--inner', inner];
          inners = stage().make('outer', ...types, ...SIZE, '--stamp', '7').inners;
          reader = await startBusy('read', '--outer', stage().pin('outer'), '--key', KEY, '--entries', '100');
          busy = reader;
          await until(reader, counters => counters.reads > 1000);
        });

        it('counts nothing wrong where nothing changes', async () => {
          expect(await reader.end()).to.include({ nulls: 0, missing: 0, mixed: 0, versions: 1, version: 7 });
        });

        it('counts nulls while the key is deleted', async () => {
          bpftool('delete', stage().pin('outer'), KEY);
          await until(reader, counters => counters.nulls > 0);
          bpftool(
            'update',
            stage().pin('outer'),
            KEY,
            stage().make('other', '--type', outer, '--inner', inner, ...SIZE).inners[0],
          );
          await until(reader, counters => counters.versions === 2);
          expect(await reader.end()).to.include({ missing: 0, mixed: 0, version: 1 });
        });

        it('counts mixed passes after a write in place', async () => {
          bpftool('update', inners[1]!, '32000000', '08000000');
          await until(reader, counters => counters.mixed > 0);
          expect(await reader.end()).to.include({ nulls: 0, missing: 0, versions: 1 });
        });

        it('counts a swap as a version of its own, never as a mixture', async () => {
          const other = stage().make(
            'other',
            '--type',
            outer,
            '--inner',
            inner,
            ...SIZE,
            '--stamp',
            '9',
          ).inners;
          for (const [id, version] of [
            [other[0]!, 9],
            [inners[0]!, 7],
            [other[1]!, 9],
          ] as const) {
            bpftool('update', stage().pin('outer'), KEY, id);
            await until(reader, counters => counters.version === version);
          }
          expect(await reader.end()).to.include({ missing: 0, mixed: 0, versions: 2 });
        });
      });
    }
  }

  it('read_pass counts entries that are missing', async () => {
    const { inners } = stage().make('outer', '--type', 'hash', ...SIZE);
    busy = await startBusy('read', '--outer', stage().pin('outer'), '--key', KEY, '--entries', '100');
    bpftool('delete', inners[1]!, '32000000');
    const { missing } = await until(busy, counters => counters.missing > 0);
    expect(missing).to.be.above(0);
    expect(await busy.end()).to.include({ nulls: 0, mixed: 0, versions: 1 });
  });

  it('read_pass is on the clock of process.hrtime', async () => {
    stage().make('outer', '--type', 'array', ...SIZE);
    const before = process.hrtime.bigint();
    busy = await startBusy('read', '--outer', stage().pin('outer'), '--key', KEY, '--entries', '1');
    const { since } = await until(busy, counters => counters.versions === 1);
    expect(BigInt(since) >= before && BigInt(since) <= process.hrtime.bigint()).to.equal(true);
    await busy.end();
  });

  it('read_pass takes keys of other sizes', async () => {
    stage().make('outer', '--type', 'hash', '--key-size', '16', '--inner-key-size', '6', ...SIZE);
    const key = KEY.padEnd(32, '0');
    busy = await startBusy('read', '--outer', stage().pin('outer'), '--key', key, '--entries', '100');
    await until(busy, counters => counters.reads > 0);
    expect(await busy.end()).to.include({ nulls: 0, missing: 0, mixed: 0, versions: 1 });
  });

  it('driver read refuses a template that it cannot read, in words', () => {
    stage().make('outer', '--type', 'hash', '--inner-value-size', '2', ...SIZE);
    const words = ['read', '--outer', stage().pin('outer'), '--key', KEY, '--entries', '1', '--seconds', '1'];
    expect(() => stage().driver(...words)).to.throw('Cannot load read_pass');
  });

  it('increment_entry counts in the value exactly what it says', async () => {
    const size = ['--inner-value-size', '16', '--inners', '1', '--entries', '1', '--stamp', '2'];
    const { inners } = stage().make('outer', '--type', 'hash', ...size);
    const place = ['--key', '00000000', '--entry', '00000000', '--offset', '8'];
    busy = await startBusy('increment', '--outer', stage().pin('outer'), ...place);
    await until(busy, counters => counters.increments > 1000);
    const { reads, increments } = await busy.end();
    expect(reads).to.equal(increments);
    const value = Buffer.from(valueIn(inners[0]!, '00000000'), 'hex');
    expect(value.readUInt32LE(0)).to.equal(2);
    expect(value.readBigUInt64LE(8)).to.equal(BigInt(increments));
  });

  it('increment_entry counts in some entries by turns', async () => {
    const size = ['--inner-value-size', '16', '--inners', '1', '--entries', '3', '--stamp', '2'];
    const { inners } = stage().make('outer', '--type', 'array', ...size);
    const place = ['--key', '00000000', '--entry', '00000000', '--entries', '3'];
    busy = await startBusy('increment', '--outer', stage().pin('outer'), ...place);
    await until(busy, counters => counters.increments > 1000);
    const { increments } = await busy.end();
    const counts = ['00000000', '01000000', '02000000'].map(key =>
      Number(Buffer.from(valueIn(inners[0]!, key), 'hex').readBigUInt64LE(8)),
    );
    expect(counts.reduce((sum, count) => sum + count)).to.equal(increments);
    expect(Math.max(...counts) - Math.min(...counts)).to.be.at.most(1);
  });

  it('driver increment refuses turns over keys that are no integers', () => {
    stage().make('outer', '--type', 'hash', '--inner-value-size', '16', '--inner-key-size', '6', ...SIZE);
    const place = ['--key', KEY, '--entry', '000000000000', '--entries', '3', '--seconds', '1'];
    expect(() => stage().driver('increment', '--outer', stage().pin('outer'), ...place)).to.throw(
      'an integer of 4 is wanted',
    );
  });
});
