import { kernelContract } from './testing/contract.ts';
import { FakeMachine } from './testing/fake/machine.ts';

kernelContract('FakeKernel', async () => {
  const machine = new FakeMachine();
  const kernel = machine.openKernel();
  const others = [kernel];
  const { root } = kernel.pins;
  return {
    kernel,
    root,
    outside: machine.outside(root),
    second: async () => {
      const other = machine.openKernel();
      others.push(other);
      return other;
    },
    close: async () => {
      for (const other of others) machine.kill(other);
    },
  };
});
