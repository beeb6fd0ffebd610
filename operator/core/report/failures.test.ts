import { expect } from 'chai';
import { heldOnNodeText, heldText } from './failures.ts';

const UNTOUCHED = 'more than maxRemoval lets go at once: nothing was removed; if it is meant';

describe('heldText', () => {
  const held = { outer: 'tenants', keys: 3, of: 9, recent: 0, before: 3, token: '3f9a1c' };

  it('tells what goes and how it is released, by whether the OuterMap is declared', () => {
    expect(heldText(held, 'declared')).to.equal(
      `3 of 9 keys are no longer declared, ${UNTOUCHED}, release it with token 3f9a1c (annotation innermap.io/release-removal, or --release-removal for a folder)`,
    );
    expect(heldText(held, 'undeclared')).to.contain('release-removal of the NodeMapState, or');
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
      `3 keys are no longer declared, ${UNTOUCHED}, set the annotation innermap.io/release-removal: 3f9a1c`,
    );
  });
});
