import { expect } from 'chai';
import { openLibrary } from './library.ts';
import { onRealKernel } from './scratch.test.ts';

onRealKernel('openLibrary', () => {
  const NO_FD = -1;
  const lookUp = () => openLibrary().mapLookup.later(NO_FD, new Uint32Array(1), new Uint32Array(1));
  const wave = () => Promise.all(Array.from({ length: 600 }, lookUp));

  it('later: 600 calls at once are all answered', async () => {
    expect(new Set(await wave())).to.have.lengthOf(1);
  });

  it('later: so are two waves, the second of which starts while the first is answered', async () => {
    const first = Array.from({ length: 600 }, lookUp);
    const [, second, third] = await Promise.all([Promise.all(first), first[0]!.then(wave), wave()]);
    expect(second).to.have.lengthOf(600);
    expect(third).to.have.lengthOf(600);
  });

  it('later: what cannot be called is the failure of its promise alone, also where it waited', async () => {
    const call = openLibrary().mapLookup.later as unknown as (fd: unknown) => Promise<number>;
    const others = Array.from({ length: 300 }, lookUp);
    const refused = await call('no number').catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(TypeError);
    expect(await Promise.all(others)).to.have.lengthOf(300);
    expect(await wave()).to.have.lengthOf(600);
  });
});
