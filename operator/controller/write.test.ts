import { expect } from 'chai';
import type { StatusChange } from '../core/status/change.ts';
import type { InnerFacts, OuterFacts } from '../core/status/facts.ts';
import { StatusFixture } from '../core/status/testing/fixture.ts';
import { ApiError, type ResourceRef } from '../kube/client.ts';
import { Store } from '../kube/store.ts';
import { SimulatedClock } from '../kube/testing/clock.ts';
import { InnerMapStore } from './innermapstore.ts';
import { NO_OBSERVER } from './observer.ts';
import { StatusWriter } from './write.ts';

describe('StatusWriter', () => {
  const signal = new AbortController().signal;
  const clock = new SimulatedClock();

  /** A writer for some OuterMaps and InnerMaps, the patches that its server received, and how to answer them with an error. */
  function unanswered(outers: number, inners: number) {
    const fixture = new StatusFixture();
    for (let each = 0; each < outers; each++) fixture.outer(`outer${each}`);
    for (let each = 0; each < inners; each++) fixture.inner(`inner${each}`, { outer: 'outer0' });
    const { state, memory } = fixture.listed().fold().world;
    const [innerMaps, outerMaps] = [new InnerMapStore(), new Store<OuterFacts>()];
    innerMaps.items.replace(state.inners as Map<string, InnerFacts>);
    outerMaps.replace(state.outers as Map<string, OuterFacts>);
    const patches: string[] = [];
    const answers: ((error: Error) => void)[] = [];
    const patch = ({ resource }: ResourceRef) => {
      patches.push(resource.plural);
      return new Promise<never>((_, reject) => answers.push(reject));
    };
    const writer = new StatusWriter({
      ...{ memory, streams: { innerMaps, outerMaps }, cluster: { patch }, clock, observer: NO_OBSERVER },
      ...{ freed: () => {}, recorded: () => {}, failed: () => {} },
    });
    const schedule = (kind: StatusChange['kind'], count: number, urgent = true) => {
      for (let each = 0; each < count; each++) {
        const id = kind === 'OuterMap' ? `outer${each}` : `team/inner${each}`;
        writer.schedule({ kind, id, urgent, fresh: false });
      }
    };
    return { writer, patches, answers, schedule };
  }

  it('write starts no write of an InnerMap beyond the limit while OuterMaps have more under way', () => {
    const { writer, patches, schedule } = unanswered(18, 30);
    schedule('OuterMap', 18);
    schedule('InnerMap', 30);
    writer.write(signal);
    expect(patches).to.have.length(18).and.not.include('innermaps');
  });

  it('remembers no conflict of an object that was forgotten while its write was under way', async () => {
    const { writer, answers, schedule } = unanswered(1, 0);
    const answer = async (status: number) => {
      writer.write(signal);
      answers.shift()!(new ApiError('refused', { status, reason: '' }));
      await writer.settled();
    };
    schedule('OuterMap', 1);
    writer.write(signal);
    writer.forget('OuterMap', 'outer0');
    answers.shift()!(new ApiError('not found', { status: 404, reason: 'NotFound' }));
    await writer.settled();
    schedule('OuterMap', 1);
    await answer(409);
    expect(writer.waitMs, 'as after the first conflict').to.equal(100);
  });

  it('waitMs counts OuterMaps that wait while InnerMaps have no room', () => {
    const { writer, patches, schedule } = unanswered(1, 30);
    schedule('InnerMap', 30);
    writer.write(signal);
    expect(patches).to.have.length(16);
    expect(writer.waitMs).to.equal(Number.POSITIVE_INFINITY);
    schedule('OuterMap', 1, false);
    expect(writer.waitMs).to.be.within(1, 1_050);
  });
});
