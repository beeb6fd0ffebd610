import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** A metric's name without its prefix, what it says, and the labels that it is told apart by. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** What GET /metrics answers. */
export interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

const PREFIX = 'innermap_';

/** One component's metrics. What a metric is set to is plain data: nobody else names the library. */
export class Metrics implements Exposition {
  readonly #registry = new Registry();
  readonly #refreshes: (() => void)[] = [];

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Called at the begin of each answer: for ages and totals, which others keep. */
  beforeText(refresh: () => void): void {
    this.#refreshes.push(refresh);
  }

  async text(): Promise<string> {
    for (const refresh of this.#refreshes) refresh();
    return this.#registry.metrics();
  }

  gauge(metric: Metric): (value: number) => void {
    const gauge = new Gauge(this.#config(metric));
    return value => gauge.set(value);
  }

  /** Each call says all samples: those that it does not mention are gone. */
  gauges(metric: Metric): (samples: Iterable<Sample>) => void {
    const gauge = new Gauge(this.#config(metric));
    return samples => {
      gauge.reset();
      for (const { labels, value } of samples) gauge.set(labels, value);
    };
  }

  /** Begins at 0 for each of `known`, so that the first increase is seen as one. */
  counter(metric: Metric, known: readonly Labels[] = []): (labels?: Labels, by?: number) => void {
    const counter = new Counter(this.#config(metric));
    for (const labels of known) counter.inc(labels, 0);
    return (labels = {}, by = 1) => counter.inc(labels, by);
  }

  total(metric: Metric): (value: number) => void {
    const raise = this.totals(metric);
    return value => raise([{ labels: {}, value }]);
  }

  /** A counter that somebody else counts: it takes over what it is told, and never goes down. */
  totals(metric: Metric): (samples: Iterable<Sample>) => void {
    const highest = new Map<string, Sample>();
    new Counter({
      ...this.#config(metric),
      collect() {
        this.reset();
        for (const { labels, value } of highest.values()) this.inc(labels, value);
      },
    });
    return samples => {
      for (const sample of samples) {
        const name = Object.values(sample.labels).join('\n');
        if (sample.value >= (highest.get(name)?.value ?? 0)) highest.set(name, sample);
      }
    };
  }

  histogram(metric: Metric, buckets: readonly number[]): (value: number, labels?: Labels) => void {
    const histogram = new Histogram({ ...this.#config(metric), buckets: [...buckets] });
    return (value, labels = {}) => histogram.observe(labels, value);
  }

  /** Names that are the same for every program have no prefix of ours. */
  #config({ name, help, labels = [] }: Metric) {
    const isCommon = /^(process|nodejs)_/.test(name);
    return {
      name: isCommon ? name : PREFIX + name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
    };
  }
}
