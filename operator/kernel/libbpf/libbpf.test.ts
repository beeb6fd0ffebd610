import { kernelContract } from '../testing/contract.ts';
import { onRealKernel, Scratch } from './scratch.test.ts';

onRealKernel('kernel/libbpf', () => {
  kernelContract('openKernel', async () => {
    const scratch = new Scratch();
    return {
      kernel: scratch.open(),
      root: scratch.root,
      second: async () => scratch.open(),
      outside: scratch.outside(),
      close: async () => scratch.close(),
    };
  });
});
