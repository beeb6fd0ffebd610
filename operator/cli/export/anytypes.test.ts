import { expect } from 'chai';
import * as fc from 'fast-check';
import { dryRun } from '../../agent/dryrun.ts';
import { mapTypes } from '../../core/btf/maptypes.ts';
import { typeAndBytes } from '../../core/testing/types.ts';
import { HASH, HASH_OF_MAPS, key } from '../testing/exports.ts';
import { entriesOf, wantedOf } from '../testing/foreign.ts';
import { MachineFixture } from '../testing/machinefixture.ts';

/** Steps of taking over: records and pins, and no inner map. */
const TAKING: ReadonlySet<string> = new Set(['record', 'adopt', 'claim']);

describe('export of what was made with types', () => {
  it('of any types: applied again is an empty plan, whatever the bytes', async () => {
    const entries = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        typeAndBytes,
        typeAndBytes,
        entries,
        async ([keyType, keyBytes], [valueType, valueBytes], some) => {
          fc.pre(keyType.size <= 512 && valueType.size <= 4096);
          const template = { ...HASH, keySize: keyType.size, valueSize: valueType.size };
          const rows = some.map(
            ([first, last]) =>
              [
                [first & 255, ...keyBytes.subarray(1)],
                [...valueBytes.subarray(0, -1), last & 255],
              ] as const,
          );
          const unique = [...new Map(rows.map(row => [row[0].join(), row])).values()];
          const fixture = new MachineFixture();
          const contents = entriesOf({ key: keyType.size, value: valueType.size }, unique);
          await fixture.foreign({
            pin: '/sys/fs/bpf/policies',
            outer: HASH_OF_MAPS,
            template,
            maps: [{ key: key(1, 0, 0, 0), entries: contents }],
          });
          const types = mapTypes({ type: 'Hash', key: keyType, value: valueType }).current;
          for (const { id, spec } of fixture.machine.liveMaps())
            if (spec.type === 'Hash') fixture.machine.types.set(id, types);
          const { code, out, error } = await fixture.commands.run('export', 'policies');
          expect(code, error).to.equal(0);
          const kernel = fixture.machine.openKernel();
          const { plan, desired } = await dryRun(wantedOf(out, kernel.possibleCpus), kernel, {
            name: 'here',
            labels: {},
          });
          expect(desired.rejections).to.deep.equal([]);
          expect(plan.steps.filter(({ verb }) => !TAKING.has(verb))).to.deep.equal([]);
        },
      ),
      { numRuns: 100, seed: 4 },
    );
  });
});
