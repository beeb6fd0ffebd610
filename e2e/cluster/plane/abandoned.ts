/** A test's process that never stops its control plane: says where it is, and waits to be killed. */
import { dirname } from 'node:path';
import { startControlPlane } from './controlplane.ts';

const { kubeconfig, url } = await startControlPlane();
console.log(JSON.stringify({ directory: dirname(kubeconfig), url }));
setInterval(() => {}, 1_000_000);
