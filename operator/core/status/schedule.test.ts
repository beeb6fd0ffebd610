import { expect } from 'chai';
import { Schedule } from './schedule.ts';

describe('Schedule', () => {
  /** Advances time in steps and writes all that is due; returns the times of the writes. */
  function writesOf(schedule: Schedule, until: number, change: (now: number) => void): number[] {
    const writes: number[] = [];
    for (let now = 0; now <= until; now += 50) {
      change(now);
      for (const id of schedule.take(now, 16)) {
        writes.push(now);
        schedule.wrote(id, now);
      }
    }
    return writes;
  }

  it('writes continuous changes after 1, 5, 15 and 60 s, then every 60 s', () => {
    const schedule = new Schedule();
    const writes = writesOf(schedule, 200_000, now => schedule.mark('a', { now, urgent: false }));
    expect(writes).to.deep.equal([1_000, 5_000, 15_000, 60_000, 120_000, 180_000]);
  });

  it('takes one write if all nodes report within a second, two if they take longer', () => {
    const quick = new Schedule();
    const at = (schedule: Schedule, readyAt: number) => (now: number) => {
      if (now === 0) schedule.mark('a', { now, urgent: false, fresh: true });
      if (now > 0 && now < readyAt) schedule.mark('a', { now, urgent: false });
      if (now === readyAt) schedule.mark('a', { now, urgent: true });
    };
    expect(writesOf(quick, 10_000, at(quick, 700))).to.deep.equal([700]);
    const slow = new Schedule();
    expect(writesOf(slow, 10_000, at(slow, 2_300))).to.deep.equal([1_000, 2_300]);
  });

  it('writes urgent changes at once, but limits those of a flapping object', () => {
    const schedule = new Schedule();
    const writes = writesOf(schedule, 120_000, now => schedule.mark('a', { now, urgent: true }));
    expect(writes.slice(0, 6)).to.deep.equal([0, 50, 100, 150, 200, 250]);
    expect(writes.slice(6)).to.deep.equal([1_000, 5_000, 15_000, 60_000, 120_000]);
  });

  it('starts a new series with another generation, and after a quiet minute', () => {
    const schedule = new Schedule();
    const writes = writesOf(schedule, 100_000, now => {
      if (now === 0 || now === 1_500) schedule.mark('a', { now, urgent: false });
      if (now === 2_000) schedule.mark('a', { now, urgent: false, fresh: true });
      if (now === 70_000) schedule.mark('a', { now, urgent: false });
    });
    expect(writes).to.deep.equal([1_000, 3_000, 71_000]);
  });

  it('takes no more than the limit, urgent changes in their order', () => {
    const schedule = new Schedule();
    for (const id of ['a', 'b', 'c']) schedule.mark(id, { now: 0, urgent: true });
    for (const none of [0, -4]) expect(schedule.take(0, none)).to.deep.equal([]);
    expect(schedule.take(0, 2)).to.deep.equal(['a', 'b']);
    expect(schedule.nextDue).to.equal(Number.NEGATIVE_INFINITY);
    expect(schedule.take(0, 2)).to.deep.equal(['c']);
    expect(schedule.take(0, 2)).to.deep.equal([]);
    expect(schedule.nextDue).to.equal(Number.POSITIVE_INFINITY);
  });

  it('retries a failed write after the wait', () => {
    const schedule = new Schedule();
    schedule.mark('a', { now: 0, urgent: true });
    schedule.take(0, 1);
    schedule.failed('a', 0, 800);
    expect(schedule.nextDue).to.equal(800);
    expect(schedule.take(799, 1)).to.deep.equal([]);
    expect(schedule.take(800, 1)).to.deep.equal(['a']);
  });

  it('makes all waiting statuses due at the end', () => {
    const schedule = new Schedule();
    schedule.hurry(0);
    expect(schedule.nextDue).to.equal(Number.POSITIVE_INFINITY);
    schedule.mark('a', { now: 0, urgent: false });
    schedule.hurry(10);
    expect(schedule.take(10, 9)).to.deep.equal(['a']);
  });

  it('forgets removed ids', () => {
    const schedule = new Schedule();
    schedule.mark('a', { now: 0, urgent: true });
    schedule.mark('b', { now: 0, urgent: false });
    schedule.forget('a');
    schedule.forget('b');
    schedule.wrote('a', 1);
    schedule.failed('a', 1, 1);
    expect(schedule.take(10_000, 9)).to.deep.equal([]);
    expect(schedule.depth).to.equal(0);
  });

  it('counts a status once that waited and then became urgent, or the reverse', () => {
    const schedule = new Schedule();
    schedule.mark('a', { now: 0, urgent: false });
    schedule.mark('a', { now: 10, urgent: true });
    schedule.mark('b', { now: 0, urgent: true });
    schedule.mark('b', { now: 10, urgent: false, fresh: true });
    expect(schedule.depth).to.equal(2);
    expect(schedule.take(10, 9)).to.deep.equal(['a', 'b']);
    expect(schedule.depth).to.equal(0);
    expect(schedule.take(2_000, 9)).to.deep.equal([]);
  });

  it('returns the number of waiting statuses, and since when the oldest waits', () => {
    const schedule = new Schedule();
    expect(schedule.oldest).to.equal(undefined);
    schedule.mark('a', { now: 20, urgent: false });
    schedule.mark('b', { now: 30, urgent: true });
    schedule.mark('a', { now: 40, urgent: false });
    expect(schedule.depth).to.equal(2);
    expect(schedule.oldest).to.equal(20);
    schedule.take(1_100, 9);
    expect(schedule.depth).to.equal(0);
  });
});
