import { expect } from 'chai';
import { ownedName, ownerIn, ownerOf } from './owner.ts';

const OF_NO_INTEREST = { labels: {}, annotations: {} };
const WEB = { name: 'web', namespace: 'team-a', ...OF_NO_INTEREST };

describe('ownerOf', () => {
  it('is the uid where there is one: created again under the same name is another', () => {
    const first = ownerOf({ ...WEB, uid: '1' });
    expect(ownerOf({ ...WEB, uid: '2' })).not.to.equal(first);
    expect(ownerOf({ ...WEB, name: 'other', uid: '1' })).to.equal(first);
  });

  it('is namespace and name in a folder', () => {
    expect(ownerOf(WEB)).to.equal(ownerOf({ ...WEB, generation: 2 }));
    expect(ownerOf(WEB)).not.to.equal(ownerOf({ ...WEB, namespace: 'team-b' }));
    expect(ownerOf(WEB)).not.to.equal(ownerOf({ ...WEB, name: 'web2' }));
  });
});

describe('ownedName', () => {
  it('is a name that the kernel takes, and tells the owner', () => {
    const owner = ownerOf(WEB);
    for (const name of ['web', 'a-name.longer-than-the-kernel-takes', 'x'.repeat(253)]) {
      const owned = ownedName({ name }, owner);
      expect(owned).to.match(/^[A-Za-z0-9_.]{1,15}$/);
      expect(ownerIn(owned)).to.equal(owner);
    }
    expect(ownedName(WEB, owner)).to.equal(`web.${owner}`);
  });
});

describe('ownerIn', () => {
  it('is undefined where the name tells none', () => {
    for (const name of ['', 'web', 'web.1234567', 'web.123456789', 'web.ABCDEF01', '12345678'])
      expect(ownerIn(name), name).to.equal(undefined);
  });
});
