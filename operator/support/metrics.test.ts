import { expect } from 'chai';
import { agentMetrics } from './metrics/agent.ts';
import { controllerMetrics } from './metrics/controller.ts';
import type { OuterMapMeasures, TurnMeasures } from './metrics/turn.ts';

const STEP_SECONDS = {
  read: 0.001,
  desired: 0.002,
  observe: 0.003,
  plan: 0.004,
  apply: 0.02,
  fold: 0.001,
  report: 0.001,
  publish: 0.001,
};

function outerMap(name: string, changes: Partial<OuterMapMeasures> = {}): OuterMapMeasures {
  return { name, innerMaps: 2, entries: 30, kernelBytes: 9000, failures: {}, heldKeys: 0, ...changes };
}

function turn(changes: Partial<TurnMeasures> = {}): TurnMeasures {
  const measures = { outerMaps: [], stepSeconds: STEP_SECONDS, seconds: 0.033 };
  return { ...measures, driftFound: 0, driftRepaired: 0, ...changes };
}

/** The samples of a metric: `{label="x"}` → value. */
function samplesOf(text: string, name: string): Record<string, number> {
  const lines = text.split('\n').filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return Object.fromEntries(
    lines.map(line => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

function measured<T extends { close(): void; text(): Promise<string> }>(make: () => T): { of: () => T } {
  let current: T | undefined;
  beforeEach(() => {
    current = make();
  });
  afterEach(() => current?.close());
  return { of: () => current! };
}

describe('agentMetrics', () => {
  const { of } = measured(() => agentMetrics('1.2.3'));
  const samples = async (name: string) => samplesOf(await of().text(), name);

  it('has what runs here, and how the process is', async () => {
    const text = await of().text();
    expect(samplesOf(text, 'innermap_build_info')).to.deep.equal({
      '{component="agent",version="1.2.3",commit=""}': 1,
    });
    expect(samplesOf(text, 'process_resident_memory_bytes')['']).to.be.above(10_000_000);
    expect(samplesOf(text, 'process_cpu_seconds_total')['']).to.be.above(0);
    expect(samplesOf(text, 'process_start_time_seconds')['']).to.be.closeTo(performance.timeOrigin / 1000, 5);
    expect(samplesOf(text, 'nodejs_eventloop_lag_max_seconds')['']).to.be.at.least(0);
  });

  it('every metric has a help and a type, and each sample a metric', async () => {
    of().turned(turn({ outerMaps: [outerMap('tenants', { failures: { OuterMapFull: 1 } })] }));
    of().kernel({ outerBatch: 'once', gracePeriodSeconds: 0.008, counters: { create: 1 } });
    of().source({ restarts: 1, synced: true, oldestUnpublishedSeconds: 0 });
    of().calls([{ verb: 'get', code: '200', count: 1 }]);
    const lines = (await of().text()).split('\n').filter(line => line !== '');
    const described = new Set(lines.flatMap(line => /^# TYPE (\S+) /.exec(line)?.[1] ?? []));
    expect(lines.filter(line => line.startsWith('# HELP ')).length).to.equal(described.size);
    for (const line of lines.filter(each => !each.startsWith('#'))) {
      const name = /^[\w]+/.exec(line)![0];
      expect(described.has(name) || described.has(name.replace(/_(bucket|sum|count)$/, '')), line).to.equal(
        true,
      );
      expect(line).to.match(/^[a-z_]+(\{[^}]*\})? [-+\w.]+$/);
    }
    for (const name of described) expect(name).to.match(/^(innermap|process|nodejs)_/);
  });

  it('turned: inner maps, entries, held keys by outer map, failures by reason too', async () => {
    of().turned(
      turn({
        outerMaps: [
          outerMap('tenants', { failures: { OuterMapFull: 2, KeyConflict: 1 }, heldKeys: 7 }),
          outerMap('limits', { innerMaps: 5, entries: 500 }),
        ],
      }),
    );
    expect(await samples('innermap_programmed_inner_maps')).to.deep.equal({
      '{outer_map="tenants"}': 2,
      '{outer_map="limits"}': 5,
    });
    expect(await samples('innermap_programmed_entries')).to.include({ '{outer_map="limits"}': 500 });
    expect(await samples('innermap_kernel_bytes')).to.include({ '{outer_map="limits"}': 9000 });
    expect(await samples('innermap_held_removals')).to.include({ '{outer_map="tenants"}': 7 });
    expect(await samples('innermap_failures')).to.deep.equal({
      '{outer_map="tenants",reason="OuterMapFull"}': 2,
      '{outer_map="tenants",reason="KeyConflict"}': 1,
    });
  });

  it('turned: an outer map that is gone, and a failure that is over, are in no answer', async () => {
    of().turned(turn({ outerMaps: [outerMap('a', { failures: { KernelError: 1 } }), outerMap('b')] }));
    of().turned(turn({ outerMaps: [outerMap('b')] }));
    expect(await of().text()).not.to.contain('outer_map="a"');
    expect(await samples('innermap_failures')).to.deep.equal({});
  });

  it('turned: durations of turn and steps are histograms, and turns are counted by result', async () => {
    const before = Date.now() / 1000;
    of().turned(turn());
    of().turned(turn({ seconds: 2, stepSeconds: { read: 2 } }));
    of().broke();
    expect(await samples('innermap_turns_total')).to.deep.equal({
      '{result="finished"}': 2,
      '{result="broken"}': 1,
    });
    expect(await samples('innermap_turn_duration_seconds_count')).to.deep.equal({ '': 2 });
    expect((await samples('innermap_turn_duration_seconds_sum'))['']).to.be.closeTo(2.033, 1e-6);
    const counts = await samples('innermap_turn_step_duration_seconds_count');
    expect(Object.keys(counts)).to.have.length(8);
    expect(counts).to.include({ '{step="read"}': 2, '{step="apply"}': 1 });
    const last = (await samples('innermap_last_turn_timestamp_seconds'))[''];
    expect(last).to.be.within(before, Date.now() / 1000);
  });

  it('turned: changes add up, drift is the total that it is given', async () => {
    const changes = { inserted: 3, replaced: 0, edited: 1, removed: 2 };
    of().turned(turn({ changes, driftFound: 4, driftRepaired: 3 }));
    of().turned(turn({ changes, driftFound: 5, driftRepaired: 5 }));
    of().turned(turn());
    expect(await samples('innermap_inner_map_changes_total')).to.deep.equal({
      '{change="inserted"}': 6,
      '{change="replaced"}': 0,
      '{change="edited"}': 2,
      '{change="removed"}': 4,
    });
    expect(await samples('innermap_drift_found_total')).to.deep.equal({ '': 5 });
    expect(await samples('innermap_drift_repaired_total')).to.deep.equal({ '': 5 });
  });

  it('kernel: how it batches, its grace period, and calls of bpf() by command', async () => {
    const counters = { create: 3, update_batch: 2 };
    of().kernel({ outerBatch: 'once', gracePeriodSeconds: 0.008, counters });
    of().kernel({ outerBatch: 'once', gracePeriodSeconds: 0.008, counters: { ...counters, create: 4 } });
    expect(await samples('innermap_kernel_info')).to.deep.equal({ '{outer_batch="once"}': 1 });
    expect(await samples('innermap_grace_period_seconds')).to.deep.equal({ '': 0.008 });
    expect(await samples('innermap_bpf_calls_total')).to.deep.equal({
      '{command="create"}': 4,
      '{command="update_batch"}': 2,
    });
  });

  it('totals never go down, and what is not given again stays', async () => {
    of().calls([
      { verb: 'watch', code: '200', count: 9 },
      { verb: 'get', code: 'error', count: 1 },
    ]);
    of().calls([{ verb: 'watch', code: '200', count: 4 }]);
    of().source({ restarts: 5, synced: true, oldestUnpublishedSeconds: 0 });
    of().source({ restarts: 2, synced: true, oldestUnpublishedSeconds: 0 });
    expect(await samples('innermap_api_calls_total')).to.deep.equal({
      '{verb="watch",code="200"}': 9,
      '{verb="get",code="error"}': 1,
    });
    expect(await samples('innermap_watch_restarts_total')).to.deep.equal({ '': 5 });
  });

  it('source and queue: whether all was read, and how long what waits has waited', async () => {
    expect(await samples('innermap_source_synced')).to.deep.equal({ '': 0 });
    of().source({ restarts: 0, synced: true, oldestUnpublishedSeconds: 1.5 });
    of().queue({ depth: 3, oldestSeconds: 0.2 });
    expect(await samples('innermap_source_synced')).to.deep.equal({ '': 1 });
    expect(await samples('innermap_queue_oldest_age_seconds')).to.deep.equal({
      '{queue="publish"}': 1.5,
      '{queue="changes"}': 0.2,
    });
    expect(await samples('innermap_queue_depth')).to.deep.equal({ '{queue="changes"}': 3 });
  });

  it('beforeText: asks for what others keep at each answer', async () => {
    let age = 1;
    of().beforeText(() => of().queue({ oldestSeconds: age++ }));
    expect(await samples('innermap_queue_oldest_age_seconds')).to.deep.equal({ '{queue="changes"}': 1 });
    expect(await samples('innermap_queue_oldest_age_seconds')).to.deep.equal({ '{queue="changes"}': 2 });
  });

  it('an event loop that was held up is reported once', async () => {
    const lag = async () => (await samples('nodejs_eventloop_lag_max_seconds'))['']!;
    const heldMs = 500;
    const start = performance.now();
    await new Promise(resolve => setTimeout(resolve, heldMs / 2));
    for (const end = performance.now() + heldMs; performance.now() < end; );
    await new Promise(resolve => setTimeout(resolve, 20));
    const longest = await lag();
    expect(longest * 1000).to.be.within(0.4 * heldMs, performance.now() - start);
    expect(await lag()).to.be.below(longest);
  });

  it('a name that needs quoting is quoted', async () => {
    of().calls([{ verb: 'get', code: 'a"b\\c\nd', count: 1 }]);
    expect(await of().text()).to.contain('code="a\\"b\\\\c\\nd"');
  });
});

describe('controllerMetrics', () => {
  const { of } = measured(() => controllerMetrics('1.2.3'));
  const samples = async (name: string) => samplesOf(await of().text(), name);

  it('has what runs here', async () => {
    expect(await samples('innermap_build_info')).to.deep.equal({
      '{component="controller",version="1.2.3",commit=""}': 1,
    });
  });

  it('wrote: statuses by kind and code', async () => {
    of().wrote('InnerMap', '200');
    of().wrote('InnerMap', '200');
    of().wrote('OuterMap', '409');
    expect(await samples('innermap_status_writes_total')).to.deep.equal({
      '{kind="InnerMap",code="200"}': 2,
      '{kind="OuterMap",code="409"}': 1,
    });
  });

  it('folded and queue: how long folding took, what waits and for how long', async () => {
    of().folded(0.25);
    of().queue({ depth: 12, oldestSeconds: 3 });
    expect(await samples('innermap_fold_duration_seconds_count')).to.deep.equal({ '': 1 });
    expect(await samples('innermap_queue_depth')).to.deep.equal({ '{queue="status"}': 12 });
    expect(await samples('innermap_queue_oldest_age_seconds')).to.deep.equal({ '{queue="status"}': 3 });
  });

  it('measured: nodes, inner maps, leadership, dropped events, watch restarts', async () => {
    const quiet = { nodesSilent: 2, nodesWithoutAgent: 3 };
    of().measured({ nodes: 5, ...quiet, innerMaps: 9, isLeader: true, eventsDropped: 2, watchRestarts: 1 });
    of().measured({ nodes: 4, ...quiet, innerMaps: 8, isLeader: false, eventsDropped: 2, watchRestarts: 1 });
    for (const [name, value] of [
      ['nodes', 4],
      ['inner_maps', 8],
      ['leader', 0],
      ['events_dropped_total', 2],
      ['watch_restarts_total', 1],
    ] as const)
      expect(await samples(`innermap_${name}`), name).to.deep.equal({ '': value });
  });
});
