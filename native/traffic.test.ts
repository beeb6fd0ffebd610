import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { PROGRAMS, useLoadedAgent } from '../e2e/agent/support/loadedagent.ts';
import { eventually, type Running } from '../e2e/agent/support/process.ts';
import { addressHex, DROP, PASS, serviceHex, TENANTS, tenant } from '../e2e/program/support/sample.ts';
import { openKernel } from '../operator/kernel/libbpf/kernel.ts';
import { type Flow, type Traffic, type TrafficReport, Wire } from './wire.ts';

const SERVICE = 'udp/443';
const CHANGING = '10.1.0.1';
/** Their rules pass, and so count. */
const OTHERS = ['10.1.0.2', '10.1.0.3', '10.1.0.4'];
const UNDECLARED = '10.1.0.5';
/** Frames a second, to all of them together. */
const RATE = { flows: 5, rate: 10_000 };
const SWAPS = 1_000;
/** Long enough for a hundred frames to each. */
const SOME_MS = 50;

describe('native: traffic through the sample program, as InnerMaps declare', function () {
  this.timeout(60_000);
  let wire: Wire | undefined;
  let agent: Running;
  let traffic: Traffic;
  // Before the field is left: its maps would still be in use
  afterEach(() => wire?.leave());
  const field = useLoadedAgent();

  /** The program's loader, the agent, and frames to everybody when all is as declared. */
  async function begin(update: 'Swap' | 'InPlace'): Promise<void> {
    wire = await Wire.make();
    mkdirSync(field().pin(PROGRAMS));
    await wire.load('--pin-outer', field().pin('tenants'));
    field().write('outer.yaml', TENANTS);
    field().write('others.yaml', ...OTHERS.map(to => tenant(`a/${nameOf(to)}`, to, { [SERVICE]: PASS })));
    declare(PASS, update);
    agent = await field().started({ options: ['--log-format', 'json'] });
    await agent.said(/"Turn"/);
    traffic = await wire.traffic(RATE);
  }

  it('the sender, the receiver and the program count the same', async () => {
    await begin('InPlace');
    await sleep(1000);
    const report = await traffic.end();
    expect(report.sent).to.be.above(0);
    expectWhole(report, [CHANGING, ...OTHERS, UNDECLARED]);
    expectCounted(report, [CHANGING, ...OTHERS]);
  });

  for (const update of ['Swap', 'InPlace'] as const) {
    it(`a tenant’s frames stop, and pass again, before the agent says so: ${update}`, async () => {
      await begin(update);
      await sleep(SOME_MS);
      const dropped = await changed(() => declare(DROP, update));
      await sleep(SOME_MS);
      const closed = flowOf(traffic.settled(), CHANGING);
      expect(closed).to.include({ gaps: 0, sent: closed.received + closed.behind });
      expectBefore(dropped.from, closed.behindSince!, 'none is dropped before DROP is declared');
      expectBefore(closed.last!.sentAt, dropped.told, 'none passes that was sent after the agent’s word');
      const passed = await changed(() => declare(PASS, update));
      await sleep(SOME_MS);
      const opened = flowOf(traffic.settled(), CHANGING);
      const [gap] = opened.lastGaps;
      expect(opened).to.include({
        gaps: 1,
        lost: gap!.count,
        behind: 0,
        sent: opened.received + opened.lost,
      });
      expect(gap).to.include({ first: closed.last!.sequence + 1, sentFrom: closed.behindSince });
      expectBefore(passed.from, gap!.endedAt, 'none passes before PASS is declared');
      expectBefore(gap!.sentTo, passed.told, 'none is dropped that was sent after the agent’s word');
      expectWhole(await traffic.end(), [...OTHERS, UNDECLARED]);
    });
  }

  it('what was closed is open again when its InnerMap is deleted', async () => {
    await begin('Swap');
    await changed(() => declare(DROP, 'Swap'));
    const removed = await changed(() => field().erase('changing.yaml'));
    await sleep(SOME_MS);
    const report = await traffic.end();
    const flow = flowOf(report, CHANGING);
    expect(flow).to.include({ gaps: 1, behind: 0, sent: flow.received + flow.lost });
    expectBefore(
      flow.lastGaps[0]!.sentTo,
      removed.told,
      'none is dropped that was sent after the agent’s word',
    );
    expectWhole(report, [...OTHERS, UNDECLARED]);
  });

  it(`no frame of another tenant is lost during ${SWAPS} swaps of one, counted on both ends`, async () => {
    await begin('Swap');
    const inners = new Inners(field().bpffs, field().pin('tenants'));
    const closed: { from: bigint; to: bigint }[] = [];
    try {
      const before = await inners.ids();
      for (let swap = 1; swap <= SWAPS; swap++) {
        const from = beginningOf(Date.now());
        declare(swap % 2 === 1 ? DROP : PASS, 'Swap');
        await inners.swapped(addressHex(CHANGING));
        if (swap % 2 === 1) closed.push({ from, to: 0n });
        else closed.at(-1)!.to = endOf(Date.now());
      }
      const after = await inners.ids();
      for (const to of OTHERS) expect(after.get(addressHex(to)), to).to.equal(before.get(addressHex(to)));
    } finally {
      inners.close();
    }
    await sleep(SOME_MS);
    const report = await traffic.end();
    const flow = flowOf(report, CHANGING);
    tell(report, flow);
    expectWhole(report, [...OTHERS, UNDECLARED]);
    expectCounted(report, OTHERS);
    expect(flow).to.include({ behind: 0, sent: flow.received + flow.lost });
    expect(flow.gaps, 'times that its frames stopped').to.be.within(SWAPS / 4, SWAPS / 2);
    for (const gap of flow.lastGaps) {
      const declared = closed.some(
        ({ from, to }) => BigInt(gap.sentFrom) >= from && BigInt(gap.sentTo) <= to,
      );
      expect(declared, `${JSON.stringify(gap)} lies within a time when DROP was declared`).to.equal(true);
    }
  });

  function declare(action: typeof PASS | typeof DROP, update: string): void {
    field().write('changing.yaml', tenant('a/changing', CHANGING, { [SERVICE]: action }, { update }));
  }

  /** Nanoseconds: before a manifest was changed, and when the agent said that its turn was over. */
  async function changed(change: () => void): Promise<{ readonly from: bigint; readonly told: bigint }> {
    const turns = turnTimes(agent.log).length;
    const from = beginningOf(Date.now());
    change();
    const told = await eventually('the agent tells of a turn', () => turnTimes(agent.log)[turns]);
    return { from, told };
  }

  /** The third witness: each rule's counter, of a program that is shown nothing any more. */
  function expectCounted(report: TrafficReport, addresses: readonly string[]): void {
    const contents = field().contents('tenants');
    for (const to of addresses) {
      const value = contents[addressHex(to)]![serviceHex(SERVICE)]!;
      expect(Number(Buffer.from(value, 'hex').readBigUInt64LE(8)), to).to.equal(flowOf(report, to).sent);
    }
  }
});

/** The inner maps in an outer map, read without a process for each look. */
class Inners {
  readonly #kernel;
  readonly #outer;
  readonly #seen = new Map<string, number>();

  constructor(bpffs: string, pin: string) {
    this.#kernel = openKernel({ bpffs });
    this.#outer = this.#kernel.open(pin);
  }

  async ids(): Promise<ReadonlyMap<string, number>> {
    const { keys, ids } = await this.#kernel.readOuter(this.#outer);
    const text = Buffer.from(keys).toString('hex').match(/.{8}/g) ?? [];
    const found = text.map((key, at) => [key, ids[at]!] as const);
    for (const [key, id] of found) if (!this.#seen.has(key)) this.#seen.set(key, id);
    return new Map(found);
  }

  /** Waits until there is another inner map than at the last look; a key that is not there ends it. */
  async swapped(key: string): Promise<void> {
    for (const end = performance.now() + 10_000; performance.now() < end; await sleep(1)) {
      const id = (await this.ids()).get(key);
      if (id === undefined) throw new Error(`Key ${key} is not there`);
      if (id === this.#seen.get(key)) continue;
      this.#seen.set(key, id);
      return;
    }
    throw new Error(`Waited in vain for a swap of ${key}`);
  }

  close(): void {
    this.#outer.close();
    this.#kernel.close();
  }
}

function flowOf(report: TrafficReport, to: string): Flow {
  return report.flows.find(flow => flow.to === to)!;
}

function expectWhole(report: TrafficReport, addresses: readonly string[]): void {
  expect(report).to.include({ settled: true, overflown: 0, strangers: 0 });
  for (const to of addresses) {
    const flow = flowOf(report, to);
    const wrong = { lost: 0, behind: 0, duplicates: 0, reordered: 0, unplaced: 0, gaps: 0 };
    expect(flow, to).to.include({ ...wrong, received: flow.sent });
  }
}

/** Nanoseconds since 1970. */
function expectBefore(earlier: bigint | string, later: bigint | string, what: string): void {
  expect(BigInt(earlier) <= BigInt(later), `${what}: ${earlier}, ${later}`).to.equal(true);
}

/** When the agent said of each turn that changed something that it was over. */
function turnTimes(log: string): readonly bigint[] {
  const times = [...log.matchAll(/^\{"time":"([^"]+)","level":"info","message":"Turn"/gm)];
  return times.map(([, time]) => endOf(Date.parse(time!)));
}

/** The clocks of this process show whole milliseconds: what is said to be at one was at its beginning or later. */
function beginningOf(millisecond: number): bigint {
  return BigInt(millisecond) * 1_000_000n;
}

function endOf(millisecond: number): bigint {
  return beginningOf(millisecond + 1);
}

function nameOf(address: string): string {
  return `tenant-${address.split('.').at(-1)}`;
}

function tell({ sent, refused }: TrafficReport, { gaps, lost }: Flow): void {
  console.log(
    `      ${SWAPS} swaps: ${sent} frames sent, ${refused} refused; one tenant’s stopped ${gaps} times, ${lost} in all`,
  );
}
