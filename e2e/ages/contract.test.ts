import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../../operator/testing/root.ts';
import { Running } from '../agent/support/process.ts';
import { useAges } from './support/age.ts';

const MOCHA = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');
const CONTRACT = join(ROOT, 'dist', 'operator', 'kernel', 'libbpf', 'libbpf.test.js');

describe('a kernel of another age', function () {
  this.timeout(180_000);
  const aged = useAges();

  // 5.15 has nothing that 6.1 has not, and lacks nothing that 5.10 has
  for (const age of ['5.10', '6.1'] as const) {
    it(`${age}: openKernel keeps the kernel's contract where calls on outer maps wait as there`, async () => {
      const kernel = aged(age, 1.2);
      const options = ['--no-config', '--enable-source-maps', '--timeout', '60000', '--reporter', 'dot'];
      const { code, out, error } = await new Running([
        ...kernel.before,
        ...[process.execPath, MOCHA, ...options, CONTRACT],
      ]).ended();
      expect(code, `${out}${error}`).to.equal(0);
      expect(out)
        .to.match(/\d+ passing/)
        .and.not.match(/pending/);
      expect(kernel.waited().offLoop).to.be.greaterThan(5000);
    });
  }
});
