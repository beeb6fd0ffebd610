import type { Report } from '../core/report/report.ts';
import type { ManifestProblem, Wanted } from '../core/wanted.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { InspectPorts } from './cluster/ports.ts';

/** The exit codes of the process: stable, scripts rely on them. */
export const EXIT = { done: 0, attention: 1, error: 2 } as const;

/** One option of a command: a switch, or one that takes a value. */
export interface Option {
  /** Without dashes: `bpffs`. */
  readonly name: string;
  /** One letter, without its dash. */
  readonly short?: string;
  /** How help shows the value: `DIR`. Absent: a switch. */
  readonly value?: string;
  /** The values that it may have. */
  readonly choices?: readonly string[];
  readonly repeated?: boolean;
  /** Shown by help and used when the option is not given. */
  readonly fallback?: string;
  readonly summary: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** The words after the command's name: `[OUTER [KEY]]`. */
  readonly usage: string;
  /** How many operands it takes. */
  readonly operands: { readonly least: number; readonly most: number };
  readonly options: readonly Option[];
  /** Paragraphs of help below the summary: exit codes, needed rights. */
  readonly notes: readonly string[];
  /** Lines without the program's name. */
  readonly examples: readonly { readonly line: string; readonly says: string }[];
  run(given: Given, ports: Ports): Promise<number>;
}

/** The arguments of one call, checked against the command's options. */
export interface Given {
  readonly operands: readonly string[];
  switched(option: string): boolean;
  /** The value, or the option's fallback. */
  text(option: string): string | undefined;
  list(option: string): readonly string[];
}

/** Where a command writes, and what it knows of the place where it was started. */
export interface Terminal {
  /** As its user calls it: `innermap` or `kubectl innermap`. */
  readonly program: string;
  readonly version: string;
  readonly outIsTerminal: boolean;
  readonly errorIsTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  error(text: string): void;
  /** The answer without its line end; empty where the input has ended. */
  ask(question: string): Promise<string>;
  /** Milliseconds since 1970. */
  now(): number;
}

export type ClosableKernel = Kernel & { close(): void };

/** Called while long work goes on; a total of 0 is not known yet. */
export type Progressed = (done: number, total: number) => void;

/** One object of a manifest, as heavy as the API server will find it. */
export interface ManifestSize {
  readonly origin: string;
  /** `InnerMap team-a/web` */
  readonly object: string;
  /** The size of its JSON form. */
  readonly bytes: number;
}

export interface LoadedManifests {
  readonly wanted: Wanted;
  readonly files: number;
  readonly sizes: readonly ManifestSize[];
}

export interface NodeOptions {
  readonly bpffs: string;
  /** Absent: the host's name. */
  readonly node?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly releases: readonly string[];
}

export interface PlanOptions extends NodeOptions {
  readonly paths: readonly string[];
  readonly progress: Progressed;
}

export interface PlanOutcome {
  /** The plan as it prints itself; empty where nothing would change. */
  readonly lines: readonly string[];
  readonly changes: number;
  /** Manifests that cannot be read, objects that cannot be programmed here, and outer maps that may not be touched. */
  readonly refusals: readonly ManifestProblem[];
  /** What the kernel will not hold though it is declared rightly. */
  readonly warnings?: readonly ManifestProblem[];
  readonly held: readonly PlannedHold[];
  /** The steps as plain data. */
  readonly steps: readonly unknown[];
}

/** A removal that waits for its release. */
export interface PlannedHold {
  readonly outerMap: string;
  /** Keys that would go from the outer map; absent where entries would go from an inner map. */
  readonly keys?: number;
  /** The key of that inner map, and how many entries. */
  readonly key?: string;
  readonly entries?: number;
  /** The keys, or entries, that there are. */
  readonly of: number;
  readonly token: string;
}

/** The options that agent and controller share. */
export interface ProcessOptions {
  /** Absent: the service account of the pod this runs in. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Over so long agents spread the lists that a change of the schema makes all of them request. */
  readonly relistJitterMs: number;
  /** Where to serve metrics and health; absent: nowhere. */
  readonly listen?: string;
  readonly logLevel: string;
  readonly logFormat: 'text' | 'json';
}

export interface AgentOptions extends NodeOptions, ProcessOptions {
  /** Where the node has the bpffs, as reports and logs name it: in a container it is mounted elsewhere. */
  readonly bpffsOnNode: string;
  /** None: a cluster's objects. */
  readonly manifests: readonly string[];
  readonly resyncMs: number;
  readonly contentResyncMs: number;
  /** File that the report is written to. */
  readonly report: string;
}

export interface ControllerCommandOptions extends ProcessOptions {
  readonly namespace: string;
  readonly agentSelector: string;
  /** Absent: the host's name. */
  readonly identity?: string;
  readonly leaderElection: boolean;
}

/** The outside of commands: main has the real one, tests their own. */
export interface Ports {
  readonly terminal: Terminal;
  /** Clusters, for commands that only look. */
  readonly inspect: InspectPorts;
  openKernel(bpffs: string): ClosableKernel;
  loadManifests(paths: readonly string[], progress: Progressed): Promise<LoadedManifests>;
  plan(options: PlanOptions): Promise<PlanOutcome>;
  /** Until a signal ends it; returns the exit code. */
  runAgent(options: AgentOptions): Promise<number>;
  /** Until a signal ends it, or another leads; returns the exit code. */
  runController(options: ControllerCommandOptions): Promise<number>;
  /** One turn. */
  runOnce(options: AgentOptions): Promise<Report>;
}

/** A call that cannot be understood: what is wrong, and the command whose help has more. */
export class UsageError extends Error {
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.name = 'UsageError';
    this.command = command;
  }
}
