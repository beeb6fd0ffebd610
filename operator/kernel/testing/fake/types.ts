import { type MapTypes, programFieldOf, type TypedBtf } from '../../../core/btf/maptypes.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import type { OpenMap, OpenTypes } from '../../kernel.ts';
import { failure } from './bpffs/pins.ts';
import { madeSpec } from './creation.ts';
import type { FakeKernel } from './kernel.ts';
import type { FakeTemplate } from './map.ts';

export function loadTypes(kernel: FakeKernel, types: MapTypes, label: string): OpenTypes {
  kernel.look('loadTypes', label);
  if (programFieldOf(types) !== undefined) throw failure('loadTypes', label, 'EOPNOTSUPP');
  return kernel.process.openTypes(types);
}

export function typesOf(kernel: FakeKernel, id: number): TypedBtf | undefined {
  kernel.openById(id).close();
  return kernel.machine.types.get(id) ?? kernel.machine.map(id)?.types?.current;
}

export function typesOfUsers(kernel: FakeKernel, map: OpenMap): readonly Uint8Array[] {
  kernel.look('typesOfUsers', map.name);
  if (!kernel.process.capabilities.sysAdmin) throw failure('typesOfUsers', map.name, 'EPERM');
  return kernel.machine.users.get(map.id) ?? [];
}

/** A template has the types that are declared. */
export function templateOf({ machine, possibleCpus }: FakeKernel, declared: MapSpec): FakeTemplate {
  if (programFieldOf(declared.types) !== undefined) throw failure('createOuter', 'template', 'EOPNOTSUPP');
  const isLocked = declared.types?.kernelFields.some(({ type }) => type.name.endsWith('spin_lock')) === true;
  if (isLocked && machine.state?.features['innerLock'] === false)
    throw failure('createOuter', 'template', 'ENOTSUPP');
  const comparesTypes = machine.state?.features['innerTypesCompared'] === true;
  return { spec: madeSpec(declared, possibleCpus), types: declared.types, comparesTypes };
}
