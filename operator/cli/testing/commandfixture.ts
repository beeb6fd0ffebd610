import type { Report } from '../../core/report/report.ts';
import type { InspectPorts } from '../cluster/ports.ts';
import type {
  AgentOptions,
  ClosableKernel,
  ControllerCommandOptions,
  LoadedManifests,
  PlanOptions,
  PlanOutcome,
  Ports,
  Terminal,
} from '../command.ts';
import { runCommandLine } from '../run.ts';

/** What a command line did. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Ports of a test: a terminal that remembers, and what the test gives instead of the rest. */
export class CommandFixture {
  outIsTerminal = false;
  errorIsTerminal = false;
  env: Record<string, string> = {};
  now = Date.parse('2026-01-02T03:04:05Z');
  /** What is answered to each question; then the input has ended. */
  answers: string[] = [];
  program = 'innermap';
  kernel: ((bpffs: string) => ClosableKernel) | undefined;
  loaded: LoadedManifests | undefined;
  outcome: PlanOutcome | undefined;
  report: Report | undefined;
  inspect: Partial<InspectPorts> = {};
  readonly planned: PlanOptions[] = [];
  readonly agents: AgentOptions[] = [];
  readonly controllers: ControllerCommandOptions[] = [];
  readonly questions: string[] = [];

  async run(...args: readonly string[]): Promise<Ran> {
    const written = { out: '', error: '' };
    const code = await runCommandLine(args, this.#ports(written));
    return { code, ...written };
  }

  terminal(written: { out: string; error: string }): Terminal {
    return {
      program: this.program,
      version: '1.2.3',
      outIsTerminal: this.outIsTerminal,
      errorIsTerminal: this.errorIsTerminal,
      env: this.env,
      out: text => {
        written.out += text;
      },
      error: text => {
        written.error += text;
      },
      ask: async question => {
        this.questions.push(question);
        return this.answers.shift() ?? '';
      },
      now: () => this.now,
    };
  }

  #ports(written: { out: string; error: string }): Ports {
    return {
      terminal: this.terminal(written),
      inspect: this.inspect as InspectPorts,
      openKernel: bpffs => given(this.kernel, 'kernel')(bpffs),
      loadManifests: async () => given(this.loaded, 'loaded'),
      plan: async options => {
        this.planned.push(options);
        return given(this.outcome, 'outcome');
      },
      runAgent: async options => {
        this.agents.push(options);
        return 0;
      },
      runController: async options => {
        this.controllers.push(options);
        return 0;
      },
      runOnce: async options => {
        this.agents.push(options);
        return given(this.report, 'report');
      },
    };
  }
}

function given<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`This test gives no ${name}`);
  return value;
}
