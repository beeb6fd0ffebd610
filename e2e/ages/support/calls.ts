import { pathToFileURL } from 'node:url';
import { ROOT } from '../../../operator/testing/root.ts';
import { Running } from '../../agent/support/process.ts';
import type { AgedKernel, Waited } from './age.ts';

const KERNEL = pathToFileURL(`${ROOT}/dist/operator/kernel/libbpf/kernel.js`).href;

/** What a child says, and the shim of it. */
export interface Said<T> {
  readonly answer: T;
  readonly waited: Waited;
}

/**
 * Runs code on a kernel of that age in a process of its own, which has `kernel`, `outer(type, maxEntries)`, `inner(name)`,
 * `u32(…)` and `say(answer)`.
 */
export async function said<T>(kernel: AgedKernel, bpffs: string, code: string): Promise<Said<T>> {
  const program = `
    const { openKernel } = await import(${JSON.stringify(KERNEL)});
    const BPFFS = ${JSON.stringify(bpffs)};
    const kernel = openKernel({ bpffs: BPFFS });
    const HASH = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 16, flags: 0 };
    const outer = (type, maxEntries) =>
      kernel.createOuter({ type, keySize: 4, valueSize: 4, maxEntries, flags: 0 }, HASH, 'aged');
    const u32 = (...numbers) => new Uint8Array(Uint32Array.from(numbers).buffer);
    const entries = { count: 0, keys: u32(), values: u32() };
    const inner = async name => {
      const pin = BPFFS + '/' + name;
      const [made] = await kernel.build([{ spec: HASH, name: 'aged', label: name, entries, freeze: false, pins: [pin] }]);
      if (made instanceof Error) throw made;
      kernel.pins.unlink(pin);
      return made;
    };
    const upTo = count => Array.from({ length: count }, (_, at) => at);
    const say = answer => console.log(JSON.stringify(answer));
    ${code}`;
  const command = [...kernel.before, process.execPath, '--input-type=module', '--eval', program];
  const { code: status, out, error } = await new Running(command).ended();
  if (status !== 0) throw new Error(`The process ended with ${status}: ${out}${error}`);
  return { answer: JSON.parse(out) as T, waited: kernel.waited() };
}
