import { expect } from 'chai';
import { heldOnNodeText, heldText } from './failures.ts';

const TOO_MANY = 'more than maxRemoval lets go at once: nothing was removed';

describe('heldText', () => {
  const held = {
    outer: 'tenants',
    keys: 3,
    of: 9,
    recent: 0,
    before: 3,
    token: '3f9a1c',
    names: ['10', '11', '7'],
  };

  it('tells what goes and how it is released, by whether the OuterMap is declared', () => {
    expect(heldText(held, 'declared')).to.equal(
      `3 of 9 keys are no longer declared, ${TOO_MANY} of 10, 11, 7; if it is meant, release it with token 3f9a1c (annotation innermap.io/release-removal, or --release-removal for a folder)`,
    );
    expect(heldText(held, 'undeclared')).to.contain('release-removal of the NodeMapState, or');
  });

  it('names the first keys, and counts the others', () => {
    expect(heldText({ ...held, keys: 12 }, 'declared')).to.contain(' removed of 10, 11, 7 and 9 more; if');
  });

  it('tells what went a moment ago', () => {
    expect(heldText({ ...held, recent: 2, before: 5 }, 'declared')).to.contain(
      'keys are no longer declared and 2 went within a minute (5 were not a moment ago), more than',
    );
  });
});

describe('heldOnNodeText', () => {
  it('tells as much as a node’s state does', () => {
    expect(heldOnNodeText({ keys: 3, token: '3f9a1c' })).to.equal(
      `3 keys are no longer declared, ${TOO_MANY}; if it is meant, set the annotation innermap.io/release-removal: 3f9a1c`,
    );
  });
});
