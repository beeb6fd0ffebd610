import { expect } from 'chai';
import { flagsWord, MAP_FLAGS, type MapFlag, OPPOSITES, REFUSED_FLAGS } from '../../../../api/maps/flags.ts';
import { INNER_TYPES, type InnerType, MAP_RULES } from '../../../../api/maps/types.ts';
import { smallestSpec } from '../../../../core/layout/rules.ts';
import { addedFlags, canBe, type MapSpec } from '../../../../core/mapspec.ts';
import { KernelError } from '../../../error.ts';
import { errnos, type KernelFixture, openMap, u32 } from '../fixture.ts';

/** Of one descriptor: a map has none of them. */
const OF_DESCRIPTORS: readonly MapFlag[] = ['ReadOnly', 'WriteOnly'];
const FLAGS = (Object.keys(MAP_FLAGS) as MapFlag[]).filter(flag => !OF_DESCRIPTORS.includes(flag));
/** Kernels that nobody tried take this one for ring buffers. */
const REFUSED = Object.entries(REFUSED_FLAGS).filter(([name]) => name !== 'RbOverwrite');

/** The contract of the table of map types: what it says of a type is what the kernel says. */
export function mapTypesContract(fixture: () => KernelFixture): void {
  for (const [one, other] of OPPOSITES) {
    it(`no map has both ${one} and ${other}`, async () => {
      for (const type of INNER_TYPES) {
        const { flags } = MAP_RULES[type];
        if (!flags.includes(one) || !flags.includes(other) || !(await isThere(type))) continue;
        const spec = smallestSpec(type);
        const both = { ...spec, flags: spec.flags | flagsWord([one, other]) };
        expect(await build(both), type).to.be.instanceOf(KernelError);
      }
    });
  }

  for (const type of INNER_TYPES) {
    it(`a ${type} takes the flags of the table and no other, and an outer map takes it with each of them`, async () => {
      if (!(await isThere(type))) return;
      const { flags } = MAP_RULES[type];
      for (const flag of FLAGS) {
        const spec = withFlags(type, flag);
        const made = await build(spec);
        expect(!(made instanceof KernelError), `${type} with ${flag}`).to.equal(flags.includes(flag));
        if (made instanceof KernelError) continue;
        const reported = openMap(made).spec;
        expect(reported.flags, flag).to.equal(spec.flags | addedFlags(type));
        expect(canBe(spec, reported), flag).to.equal(true);
        const outer = fixture().hashOfMaps(spec);
        expect(errnos(await fixture().kernel.replace(outer, u32(1), [openMap(made)])), flag).to.deep.equal(
          {},
        );
      }
    });

    it(`a ${type} is not made without a flag that the table needs, nor with one that it refuses`, async () => {
      if (!(await isThere(type))) return;
      const spec = smallestSpec(type);
      const without = (MAP_RULES[type].needed ?? []).map(flag => spec.flags & ~MAP_FLAGS[flag]);
      for (const flags of [...without, ...REFUSED.map(([, { bit }]) => spec.flags | bit)])
        expect(await build({ ...spec, flags }), `0x${flags.toString(16)}`).to.be.instanceOf(KernelError);
    });
  }

  async function isThere(type: InnerType): Promise<boolean> {
    return (await fixture().kernel.probe()).features[`inner.${type}`] === true;
  }

  async function build(spec: MapSpec) {
    const pin = fixture().path('typed');
    const [made] = await fixture().kernel.build([fixture().request('typed', { spec, pins: [pin] })]);
    fixture().kernel.pins.unlink(pin);
    return made instanceof KernelError ? made : fixture().keep(openMap(made));
  }
}

/** The smallest layout that may have the flag. */
function withFlags(type: InnerType, flag: MapFlag): MapSpec {
  const spec = smallestSpec(type);
  const { frame } = MAP_RULES[type];
  const valueSize = frame !== undefined && flag === 'StackBuildId' ? frame.StackBuildId : spec.valueSize;
  return { ...spec, valueSize, flags: spec.flags | flagsWord([flag]) };
}
