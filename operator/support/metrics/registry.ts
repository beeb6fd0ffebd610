import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** The answer to GET /metrics. */
export interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

const PREFIX = 'innermap_';

/** One component's metrics, set by plain data. A metric has a name without its prefix, a help, and names of labels. */
export class Metrics implements Exposition {
  readonly #registry = new Registry();
  readonly #refreshes: (() => void)[] = [];

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Called before each `text()`: for ages, and for totals that are counted elsewhere. */
  beforeText(refresh: () => void): void {
    this.#refreshes.push(refresh);
  }

  async text(): Promise<string> {
    for (const refresh of this.#refreshes) refresh();
    return this.#registry.metrics();
  }

  gauge(name: string, help: string): (value: number) => void {
    const gauge = new Gauge(this.#config(name, help));
    return value => gauge.set(value);
  }

  /** Each call sets all samples: a sample that it lacks is gone. */
  gauges(name: string, help: string, labels: readonly string[]): (samples: Iterable<Sample>) => void {
    const gauge = new Gauge(this.#config(name, help, labels));
    return samples => {
      gauge.reset();
      for (const sample of samples) gauge.set(sample.labels, sample.value);
    };
  }

  counter(name: string, help: string, labels: readonly string[]): (labels: Labels, by?: number) => void {
    const counter = new Counter(this.#config(name, help, labels));
    return (sample, by = 1) => counter.inc(sample, by);
  }

  total(name: string, help: string): (value: number) => void {
    const raise = this.totals(name, help, []);
    return value => raise([{ labels: {}, value }]);
  }

  /** Counters that are counted elsewhere: each takes over the value that it is given, and never goes down. */
  totals(name: string, help: string, labels: readonly string[]): (samples: Iterable<Sample>) => void {
    const highest = new Map<string, Sample>();
    new Counter({
      ...this.#config(name, help, labels),
      collect() {
        this.reset();
        for (const sample of highest.values()) this.inc(sample.labels, sample.value);
      },
    });
    return samples => {
      for (const sample of samples) {
        const key = Object.values(sample.labels).join('\n');
        if (sample.value >= (highest.get(key)?.value ?? 0)) highest.set(key, sample);
      }
    };
  }

  histogram(
    name: string,
    help: string,
    { buckets, labels = [] }: { readonly buckets: readonly number[]; readonly labels?: readonly string[] },
  ): (value: number, labels?: Labels) => void {
    const histogram = new Histogram({ ...this.#config(name, help, labels), buckets: [...buckets] });
    return (value, sample = {}) => histogram.observe(sample, value);
  }

  /** Names that are the same for every program have no prefix of ours. */
  #config(name: string, help: string, labels: readonly string[] = []) {
    const isCommon = /^(process|nodejs)_/.test(name);
    const labelNames = [...labels];
    return { name: isCommon ? name : PREFIX + name, help, labelNames, registers: [this.#registry] };
  }
}
