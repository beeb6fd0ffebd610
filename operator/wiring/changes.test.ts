import { expect } from 'chai';
import { WaitingChanges } from './changes.ts';

describe('WaitingChanges', () => {
  it('has the age of the first change that no turn has read', () => {
    const changes = new WaitingChanges();
    expect(changes.ageAt(5)).to.equal(0);
    changes.changed(10);
    changes.changed(20);
    expect(changes.ageAt(25)).to.equal(15);
    changes.turned(22);
    expect(changes.ageAt(40)).to.equal(0);
  });

  it('what changes during a turn waits for the next one, and a turn that fails reads nothing', () => {
    const changes = new WaitingChanges();
    changes.changed(10);
    changes.changed(30);
    changes.turned(20);
    expect(changes.ageAt(50), 'since the turn began, at most').to.equal(30);
    changes.changed(60);
    expect(changes.ageAt(70)).to.equal(50);
    changes.turned(65);
    expect(changes.ageAt(80)).to.equal(0);
  });
});
