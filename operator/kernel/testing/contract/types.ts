import { expect } from 'chai';
import { readBtf } from '../../../core/btf/reading/read.ts';
import { btfDeclaration } from '../../../core/btf/reading/type.ts';
import type { KernelFixture } from './fixture.ts';
import { failureOf, HASH } from './fixture.ts';

/** The contract of typesOf and typesOfUsers. */
export function typesContract(fixture: () => KernelFixture): void {
  it('typesOf: those that a map was made with, and undefined where it was made without', async function () {
    if (!(await mayAskByIds(fixture))) this.skip();
    const { kernel } = fixture();
    expect(kernel.typesOf((await fixture().inner('plain')).id)).to.equal(undefined);
    // The kernel makes no storage without
    const spec = { type: 'SkStorage', keySize: 4, valueSize: 12, maxEntries: 0, flags: 1 } as const;
    const { btf, key, value } = kernel.typesOf((await fixture().inner('typed', { spec })).id)!;
    expect([key, value].map(id => sizeIn(btf, id))).to.deep.equal([4, 12]);
  });

  it('typesOf: ENOENT of a map that is not there', async function () {
    if (!(await mayAskByIds(fixture))) this.skip();
    expect(failureOf(() => fixture().kernel.typesOf(0x7ffffff0))?.errno).to.equal('ENOENT');
  });

  it('typesOfUsers: none of a map that no program uses', async function () {
    if (!(await mayAskByIds(fixture))) this.skip();
    expect(fixture().kernel.typesOfUsers(fixture().hashOfMaps(HASH))).to.deep.equal([]);
  });
}

/** Without CAP_SYS_ADMIN both are EPERM. */
async function mayAskByIds(fixture: () => KernelFixture): Promise<boolean> {
  const { kernel } = fixture();
  if ((await kernel.probe()).features['openById'] === true) return true;
  const outer = fixture().hashOfMaps(HASH);
  expect(failureOf(() => kernel.typesOf(outer.id))?.errno).to.equal('EPERM');
  expect(failureOf(() => kernel.typesOfUsers(outer))?.errno).to.equal('EPERM');
  return false;
}

function sizeIn(bytes: Uint8Array, id: number): number {
  const btf = readBtf(bytes);
  const declared = btf.ok ? btfDeclaration(btf.value, id) : btf;
  if (!declared.ok) throw new Error(declared.message);
  return declared.value.type.size;
}
