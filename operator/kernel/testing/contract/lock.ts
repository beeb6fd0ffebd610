import { expect } from 'chai';
import type { Lock } from '../../pins.ts';
import type { KernelFixture } from './fixture.ts';
import { failureOf } from './fixture.ts';

/** One writer at a time. */
export function lockContract(fixture: () => KernelFixture): void {
  it('one holder at a time; the other learns who it is; free after release', async () => {
    const { kernel, opened } = fixture();
    const other = (await opened.second?.()) ?? kernel;
    kernel.pins.makeDirectory(fixture().path('innermap'));
    const first = taken(kernel.pins.lock(fixture().path('innermap')));
    const refusedTo = other.pins.lock(fixture().path('innermap'));
    expect(refusedTo).to.have.property('heldBy').that.is.a('string');
    first.release();
    const second = taken(other.pins.lock(fixture().path('innermap')));
    expect(kernel.pins.lock(fixture().path('innermap'))).to.have.property('heldBy');
    first.release();
    expect(kernel.pins.lock(fixture().path('innermap')), 'a second release').to.have.property('heldBy');
    second.release();
  });

  it('locks of two directories are two locks', () => {
    const { pins } = fixture().kernel;
    pins.makeDirectory(fixture().path('a'));
    pins.makeDirectory(fixture().path('b'));
    const locks = [taken(pins.lock(fixture().path('a'))), taken(pins.lock(fixture().path('b')))];
    for (const lock of locks) lock.release();
  });

  it('nobody else may enter what is locked', () => {
    const { pins } = fixture().kernel;
    pins.makeDirectory(fixture().path('innermap'));
    expect(fixture().opened.outside.modeOf(fixture().path('innermap'))).to.equal(0o755);
    taken(pins.lock(fixture().path('innermap'))).release();
    expect(fixture().opened.outside.modeOf(fixture().path('innermap'))).to.equal(0o700);
  });

  it('of a directory into which others could have written is EPERM: another user’s, or one with such a mode', () => {
    const { kernel, opened } = fixture();
    const path = fixture().path('innermap');
    kernel.pins.makeDirectory(path, 0o700);
    for (const mode of [0o720, 0o702, 0o777]) {
      opened.outside.chmod(path, mode);
      expect(failureOf(() => kernel.pins.lock(path))?.errno, mode.toString(8)).to.equal('EPERM');
    }
    opened.outside.chmod(path, 0o700);
    opened.outside.chown(path, 1000);
    expect(failureOf(() => kernel.pins.lock(path))?.errno).to.equal('EPERM');
    opened.outside.chown(path, 0);
    taken(kernel.pins.lock(path)).release();
  });

  it('of a symlink is ENOTDIR, whatever it leads to', () => {
    const { pins } = fixture().kernel;
    pins.makeDirectory(fixture().path('elsewhere'));
    pins.writeRecord(fixture().path('innermap'), fixture().path('elsewhere'));
    expect(failureOf(() => pins.lock(fixture().path('innermap')))?.errno).to.equal('ENOTDIR');
    expect(pins.holder(fixture().path('innermap'))).to.equal(undefined);
  });

  it('holds: not after its release, not once the directory was removed or made anew', () => {
    const { pins } = fixture().kernel;
    const path = fixture().path('innermap');
    pins.makeDirectory(path);
    const first = taken(pins.lock(path));
    expect(first.holds()).to.equal(true);
    pins.removeDirectory(path);
    expect(first.holds(), 'removed').to.equal(false);
    pins.makeDirectory(path);
    expect(first.holds(), 'made anew').to.equal(false);
    const second = taken(pins.lock(path));
    first.release();
    expect(second.holds(), 'the lock of the new one').to.equal(true);
    second.release();
    expect(second.holds(), 'released').to.equal(false);
  });

  it('holds: not after another bpffs was mounted', () => {
    const { kernel, opened } = fixture();
    const path = fixture().path('innermap');
    kernel.pins.makeDirectory(path);
    const lock = taken(kernel.pins.lock(path));
    opened.outside.unmount();
    expect(lock.holds(), 'unmounted').to.equal(false);
    opened.outside.mount();
    kernel.pins.makeDirectory(path);
    expect(lock.holds(), 'mounted anew').to.equal(false);
    lock.release();
  });

  it('holder: who holds it, nobody before and after, nor where there is no directory', () => {
    const { pins } = fixture().kernel;
    const path = fixture().path('innermap');
    expect(pins.holder(path)).to.equal(undefined);
    pins.makeDirectory(path);
    expect(pins.holder(path)).to.equal(undefined);
    const lock = taken(pins.lock(path));
    expect(pins.holder(path)).to.match(/^pid \d+, ./);
    lock.release();
    expect(pins.holder(path)).to.equal(undefined);
    taken(pins.lock(path)).release();
  });

  it('of a missing directory is ENOENT', () => {
    expect(failureOf(() => fixture().kernel.pins.lock(fixture().path('missing')))?.errno).to.equal('ENOENT');
  });
}

function taken(lock: Lock | { readonly heldBy: string }): Lock {
  if ('heldBy' in lock) throw new Error(`held by ${lock.heldBy}`);
  return lock;
}
