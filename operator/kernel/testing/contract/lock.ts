import { expect } from 'chai';
import type { Lock } from '../../pins.ts';
import type { KernelFixture } from './fixture.ts';
import { failureOf } from './fixture.ts';

/** One writer at a time. */
export function lockContract(stand: () => KernelFixture): void {
  it('one holder at a time; the other is told who it is; free after release', async () => {
    const { kernel, opened } = stand();
    const other = (await opened.second?.()) ?? kernel;
    kernel.pins.makeDirectory(stand().path('innermap'));
    const first = taken(kernel.pins.lock(stand().path('innermap')));
    const refusedTo = other.pins.lock(stand().path('innermap'));
    expect(refusedTo).to.have.property('heldBy').that.is.a('string');
    first.release();
    const second = taken(other.pins.lock(stand().path('innermap')));
    expect(kernel.pins.lock(stand().path('innermap'))).to.have.property('heldBy');
    first.release();
    expect(kernel.pins.lock(stand().path('innermap')), 'a second release').to.have.property('heldBy');
    second.release();
  });

  it('locks of two directories are two locks', () => {
    const { pins } = stand().kernel;
    pins.makeDirectory(stand().path('a'));
    pins.makeDirectory(stand().path('b'));
    const locks = [taken(pins.lock(stand().path('a'))), taken(pins.lock(stand().path('b')))];
    for (const lock of locks) lock.release();
  });

  it('of a missing directory is ENOENT', () => {
    expect(failureOf(() => stand().kernel.pins.lock(stand().path('missing')))?.errno).to.equal('ENOENT');
  });
}

function taken(lock: Lock | { readonly heldBy: string }): Lock {
  if ('heldBy' in lock) throw new Error(`held by ${lock.heldBy}`);
  return lock;
}
