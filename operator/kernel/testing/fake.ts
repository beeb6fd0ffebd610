export type { FakeOperation } from './fake/faults.ts';
export { Crash } from './fake/faults.ts';
export { FakeKernel } from './fake/kernel.ts';
export type { FakeKernelOptions, LiveMap } from './fake/machine.ts';
export { FakeMachine } from './fake/machine.ts';
export type { FakeCapabilities } from './fake/process.ts';
