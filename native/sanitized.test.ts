import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { onRealKernel } from '../operator/kernel/libbpf/scratch.test.ts';
import { ROOT } from '../operator/testing/root.ts';

const NATIVE = join(ROOT, 'native');
const SANITIZED = join(NATIVE, 'build', 'sanitized', 'libinnermap.so');
const LIBRARY = join(NATIVE, 'build', 'libinnermap.so');
const SPECS = join(ROOT, 'dist', 'operator', 'kernel', 'libbpf');

/** libinnermap.so with AddressSanitizer and UndefinedBehaviorSanitizer, in the place of the one that is loaded elsewhere. */
onRealKernel('libinnermap.so, sanitized', function () {
  this.timeout(300_000);
  before(() => {
    const variables = ['BUILD=build/sanitized', 'SANITIZE=address,undefined'];
    execFileSync('make', ['--silent', '-C', NATIVE, 'lib', ...variables], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  });

  it('is what the specs load here, and ends a process that reads beyond a buffer', () => {
    const child = `
      const { openLibrary } = await import(${JSON.stringify(join(SPECS, 'library.js'))});
      openLibrary().counts(new BigUint64Array(1));`;
    const { status, stderr } = sanitized([process.execPath, '--input-type=module', '--eval', child]);
    expect(status).to.not.equal(0);
    expect(stderr).to.include('AddressSanitizer: heap-buffer-overflow');
  });

  const names = ['libbpf', 'many', 'fallback', 'library', 'rights', 'tables', 'walk/through', 'entries/keep'];
  for (const spec of names)
    it(`${spec}: passes, and nothing is found`, () => {
      const mocha = [process.execPath, join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js'), '--no-config'];
      const words = ['--timeout', '120000', '--reporter', 'dot', join(SPECS, `${spec}.test.js`)];
      const { status, stdout, stderr } = sanitized([...mocha, ...words]);
      expect(status, `${stdout}${stderr}`).to.equal(0);
      expect(stdout).to.match(/\d+ passing/);
    });
});

function sanitized(command: readonly string[]) {
  const runtimes = ['libasan.so', 'libubsan.so'].map(name =>
    execFileSync('cc', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim(),
  );
  const script = `mount --bind ${SANITIZED} ${LIBRARY} && LD_PRELOAD="${runtimes.join(' ')}" exec "$@"`;
  const env = {
    ...process.env,
    // Node.js itself frees nothing at its end
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=0',
  };
  return spawnSync('unshare', ['--mount', 'sh', '-c', script, 'sh', ...command], { env, encoding: 'utf8' });
}
