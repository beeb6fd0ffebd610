import { LEDGER } from '../../core/ledgerrecord.ts';
import type { Report } from '../../core/report/report.ts';
import { KernelError } from '../../kernel/error.ts';
import type { Ports } from '../command.ts';

/** Whether an agent works on a bpffs: its report is about the present only then. */
export type AgentPresence =
  | { readonly agent: 'runs' }
  | { readonly agent: 'none' | 'unknown'; readonly because?: string };

/** Asks who holds the ledger's lock. Reports of before this field existed are about the usual bpffs. */
export function agentPresence(
  { bpffs = '/sys/fs/bpf' }: Partial<Report>,
  { openKernel }: Pick<Ports, 'openKernel'>,
): AgentPresence {
  try {
    const kernel = openKernel(bpffs);
    try {
      const holder = kernel.pins.holder(`${kernel.pins.root}/${LEDGER}`);
      return { agent: holder === undefined ? 'none' : 'runs' };
    } finally {
      kernel.close();
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // No bpffs is there, so no agent works on it
    const isGone = error instanceof KernelError && error.map === bpffs && GONE.has(error.errno);
    return { agent: isGone ? 'none' : 'unknown', because: error.message };
  }
}

const GONE: ReadonlySet<string> = new Set(['EINVAL', 'ENOENT']);

/** The beginning of a summary that cannot speak of the present; undefined where it can. */
export function asOfText(presence: AgentPresence, age: string): string | undefined {
  if (presence.agent === 'runs') return undefined;
  const because = presence.because === undefined ? '' : ` (${presence.because})`;
  const what = presence.agent === 'none' ? 'No agent runs' : 'Cannot tell whether an agent runs';
  return `${what}${because}: as of ${age} ago`;
}
