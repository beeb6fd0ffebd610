import { expect } from 'chai';
import { SimulatedClock } from '../kube/testing/clock.ts';
import { eventsBetween } from './events.ts';
import { notReadySince } from './facts/node.ts';
import { interned, stateFacts } from './facts/nodemapstate.ts';
import { writtenIn } from './facts/written.ts';

describe('notReadySince', () => {
  const clock = new SimulatedClock();
  const object = (conditions: object[] | null, creationTimestamp?: string) => ({
    metadata: { name: 'a', ...(creationTimestamp === undefined ? {} : { creationTimestamp }) },
    status: { conditions },
  });

  it('uses the age of the condition', () => {
    const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2025-12-31T23:59:00Z' };
    expect(notReadySince(object([ready]), clock)).to.equal(undefined);
    expect(notReadySince(object([{ ...ready, status: 'Unknown' }]), clock)).to.equal(-60_000);
    const ahead = { ...ready, status: 'False', lastTransitionTime: '2027-01-01T00:00:00Z' };
    expect(notReadySince(object([ahead]), clock)).to.equal(0);
  });

  it('uses the creation time if the condition is missing', () => {
    expect(notReadySince(object(null, '2025-12-31T23:59:30Z'), clock)).to.equal(-30_000);
    expect(notReadySince(object([]), clock)).to.equal(0);
    expect(notReadySince({ metadata: { name: 'a' } }, clock)).to.equal(0);
  });
});

describe('stateFacts', () => {
  it('has an empty identity and no outer maps without a status', () => {
    const facts = stateFacts({ metadata: { name: 'a', resourceVersion: '7' } });
    expect(facts).to.deep.include({ name: 'a', version: 7, uid: '', bootID: '' });
    expect(facts.outers.size).to.equal(0);
  });

  it('counts the listed failures of each outer map', () => {
    const failure = { kind: 'InnerMap', namespace: 't', name: 'w', reason: 'KernelError', message: 'EIO' };
    const { outers } = stateFacts({
      metadata: { name: 'a', resourceVersion: '7' },
      status: {
        outerMaps: [
          { name: 'one', uid: 'u', generation: 2, failuresTotal: 3, programmedResourceVersion: '5' },
          { name: 'two', failuresTotal: 0, heldRemoval: { keys: 1, token: 'x' } },
        ],
        failures: [
          { ...failure, outerMap: 'one' },
          { ...failure, name: 'nowhere' },
          { kind: 'OuterMap', name: 'one', reason: 'PinInUse', message: 'Taken' },
        ],
      },
    });
    expect(outers.get('one')).to.deep.include({ watermark: 5, failuresTotal: 3, listed: 2, generation: 2 });
    expect([...outers.get('one')!.inners.keys()]).to.deep.equal(['t/w']);
    expect(outers.get('one')!.own).to.deep.equal({ reason: 'PinInUse', message: 'Taken' });
    expect(outers.get('two')!.watermark).to.be.NaN;
    expect(outers.get('two')!.held).to.deep.equal({ keys: 1, token: 'x' });
  });
});

describe('writtenIn', () => {
  it('accepts a status of any shape', () => {
    for (const status of [undefined, null, 'x', { conditions: 'none' }, { conditions: null }])
      expect(writtenIn({ metadata: { name: 'a', resourceVersion: '7' }, status }).ready).to.equal(undefined);
  });
});

describe('eventsBetween', () => {
  const subject = { kind: 'InnerMap', namespace: 'team', name: 'web', uid: 'u' } as const;
  const written = (accepted: string, ready: string, reason = 'Progressing') =>
    writtenIn({
      metadata: { name: 'web', resourceVersion: '7' },
      status: {
        conditions: [
          {
            type: 'Accepted',
            status: accepted,
            reason: accepted === 'True' ? 'Accepted' : reason,
            message: 'm',
          },
          { type: 'Ready', status: ready, reason, message: 'm' },
        ],
      },
    });
  const events = (before: ReturnType<typeof written>, after: ReturnType<typeof written>) =>
    eventsBetween(subject, before, after).map(({ type, reason }) => `${type} ${reason}`);
  const nothing = writtenIn({ metadata: { name: 'web' } });

  it('reports each transition once', () => {
    expect(events(nothing, written('True', 'False'))).to.deep.equal([]);
    expect(events(nothing, written('True', 'True', 'Programmed'))).to.deep.equal(['Normal Programmed']);
    const ready = written('True', 'True', 'Programmed');
    expect(events(ready, ready)).to.deep.equal([]);
    expect(events(ready, written('True', 'False'))).to.deep.equal(['Normal Progressing']);
    expect(events(ready, written('True', 'False', 'OutOfMemory'))).to.deep.equal(['Warning OutOfMemory']);
    expect(events(ready, written('True', 'Unknown', 'NodesNotReporting'))).to.deep.equal([
      'Warning NodesNotReporting',
    ]);
    expect(events(ready, written('False', 'False', 'KeyConflict'))).to.deep.equal(['Warning KeyConflict']);
    const refused = written('False', 'False', 'KeyConflict');
    expect(events(refused, refused)).to.deep.equal([]);
    expect(events(refused, written('False', 'False', 'InvalidKey'))).to.deep.equal(['Warning InvalidKey']);
  });

  it('reports a failure of an object that was never ready, and another one after it', () => {
    const full = written('True', 'False', 'OuterMapFull');
    expect(events(nothing, full)).to.deep.equal(['Warning OuterMapFull']);
    expect(events(written('True', 'False'), full)).to.deep.equal(['Warning OuterMapFull']);
    expect(events(full, full)).to.deep.equal([]);
    expect(events(full, written('True', 'False', 'OutOfMemory'))).to.deep.equal(['Warning OutOfMemory']);
    expect(events(full, written('True', 'False'))).to.deep.equal([]);
    expect(events(nothing, written('True', 'False', 'NoMatchingNodes'))).to.deep.equal([
      'Warning NoMatchingNodes',
    ]);
    expect(events(nothing, written('True', 'Unknown', 'NodesNotReporting'))).to.deep.equal([
      'Warning NodesNotReporting',
    ]);
    expect(events(nothing, written('Unknown', 'False', 'Pending'))).to.deep.equal([]);
  });

  it('reports a held removal, even of an object that was not ready', () => {
    const held = written('True', 'False', 'RemovalHeld');
    expect(events(written('True', 'False'), held)).to.deep.equal(['Warning RemovalHeld']);
    expect(events(held, held)).to.deep.equal([]);
  });
});

describe('interned', () => {
  it('returns equal texts beyond its capacity', () => {
    for (let each = 0; each < 50_000; each++) expect(interned(`t${each}`)).to.equal(`t${each}`);
  });
});
