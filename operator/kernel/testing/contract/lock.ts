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

  it('of a missing directory is ENOENT', () => {
    expect(failureOf(() => fixture().kernel.pins.lock(fixture().path('missing')))?.errno).to.equal('ENOENT');
  });
}

function taken(lock: Lock | { readonly heldBy: string }): Lock {
  if ('heldBy' in lock) throw new Error(`held by ${lock.heldBy}`);
  return lock;
}
