import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { build, NATIVE } from './stage.ts';

/** Late by more than this: a duplicate and a frame that came late look alike. */
const WINDOW = 64;

/** `back`: so many before the last that was sent. */
type Act =
  | { readonly kind: 'sent'; readonly count: number }
  | { readonly kind: 'received'; readonly back: number };

describe('native: accounts of a flow', () => {
  before(function () {
    build(this);
  });

  it('whatever is lost, doubled or turned round: as a ledger of all frames has it', () => {
    fc.assert(
      fc.property(fc.array(acts(), { maxLength: 200 }), list => {
        const ledger = new Ledger();
        const lines = list.flatMap(act => ledger.act(act));
        expect(accounts(lines)).to.deep.equal(ledger.accounts());
      }),
      { numRuns: 150 },
    );
  });

  it('after a reset nothing of before counts', () => {
    const counted = accounts(['sent 9', 'received 7', 'reset 0', 'sent 3', 'received 9', 'received 5']);
    const none = { lost: 0, duplicates: 0, reordered: 0, gaps: 0 };
    expect(counted).to.deep.equal({ ...none, sent: 3, received: 1, behind: 2, behindSince: 10, unplaced: 1 });
  });
});

/** Sometimes more at once than times of sending are kept. */
function acts(): fc.Arbitrary<Act> {
  const sent = fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 5 }) },
    fc.integer({ min: 60, max: 1500 }),
  );
  const back = fc.oneof({ weight: 9, arbitrary: fc.nat(8) }, fc.nat(100));
  return fc.oneof(
    sent.map(count => ({ kind: 'sent', count }) as const),
    { weight: 3, arbitrary: back.map(steps => ({ kind: 'received', back: steps }) as const) },
  );
}

/** The same with everything remembered; a frame's time is its sequence. */
class Ledger {
  readonly #arrived = new Set<number>();
  #sent = 0;
  #expected = 0;
  #duplicates = 0;
  #reordered = 0;
  #unplaced = 0;
  #gaps = 0;
  #received = 0;
  #gap: object | undefined;

  act(act: Act): readonly string[] {
    if (act.kind === 'sent') {
      this.#sent += act.count;
      return [`sent ${act.count}`];
    }
    const sequence = this.#sent - 1 - act.back;
    if (sequence < 0) return [];
    if (sequence < this.#expected) this.#receiveLate(sequence);
    else this.#receiveNext(sequence);
    return [`received ${sequence}`];
  }

  accounts(): object {
    const behind = this.#sent - this.#expected;
    return {
      ...{ sent: this.#sent, received: this.#received, lost: this.#expected - this.#received, behind },
      ...{
        duplicates: this.#duplicates,
        reordered: this.#reordered,
        unplaced: this.#unplaced,
        gaps: this.#gaps,
      },
      ...(behind > 0 ? { behindSince: this.#expected } : {}),
      ...(this.#gap === undefined ? {} : { gap: this.#gap }),
    };
  }

  #receiveNext(sequence: number): void {
    if (sequence > this.#expected) {
      const span = { sentFrom: this.#expected, sentTo: sequence - 1 };
      this.#gap = { first: this.#expected, count: sequence - this.#expected, ...span };
      this.#gaps++;
    }
    this.#expected = sequence + 1;
    this.#arrive(sequence);
  }

  #receiveLate(sequence: number): void {
    if (this.#expected - 1 - sequence >= WINDOW) {
      this.#unplaced++;
    } else if (this.#arrived.has(sequence)) {
      this.#duplicates++;
    } else {
      this.#reordered++;
      this.#arrive(sequence);
    }
  }

  #arrive(sequence: number): void {
    this.#arrived.add(sequence);
    this.#received++;
  }
}

function accounts(lines: readonly string[]): unknown {
  const answer = execFileSync(join(NATIVE, 'build', 'flows'), {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
  });
  return JSON.parse(answer);
}
