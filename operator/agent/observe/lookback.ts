import type { Desired } from '../../core/desired/desired.ts';
import { groupBy } from '../../core/items.ts';
import { isLRU } from '../../core/mapspec.ts';
import type { Programmed } from '../../core/observed.ts';
import { compared } from '../../core/plan/compared.ts';
import type { Write } from '../../core/plan/step.ts';
import { KernelError } from '../../kernel/error.ts';
import type { InnerReading, Kernel } from '../../kernel/kernel.ts';
import type { Outcome } from '../apply/outcome.ts';
import type { Memory } from '../memory.ts';
import { addressIn } from './address.ts';
import { eachContents } from './contents.ts';
import { withKnownOuter } from './outer.ts';

/** Reads the LRU maps that were just written: they take every entry, and may evict others for it. */
export async function lookBack(
  kernel: Kernel,
  memory: Memory,
  { desired, outcomes }: { readonly desired: Desired; readonly outcomes: readonly Outcome[] },
): Promise<void> {
  const written = lruMapsIn(desired) ? outcomes.flatMap(outcome => evictingWrite(outcome) ?? []) : [];
  for (const [name, all] of groupBy(written, ({ outer }) => outer)) {
    const known = memory.outers.get(name);
    const outer = desired.outers.get(name);
    if (known === undefined || outer === undefined) continue;
    await withKnownOuter(kernel, { desired: outer, known }, async opened => {
      const address = addressIn(kernel, { desired: outer, known, outer: opened });
      const addressOf = ({ inner }: Write) => address(inner, known.entries.get(inner.keyHex) ?? 0);
      await eachContents(kernel, { all, addressOf }, (step, answer) =>
        remember(step, answer, { desired, memory }),
      );
    });
  }
}

function lruMapsIn({ outers }: Desired): boolean {
  return [...outers.values()].some(({ layout }) => isLRU(layout.template.type));
}

function evictingWrite({ ok, step }: Outcome): Write | undefined {
  return ok &&
    'cause' in step &&
    'inner' in step &&
    isLRU(step.inner.spec.type) &&
    step.inner.entries.count > 0
    ? step
    : undefined;
}

function remember(
  { outer, inner }: Write,
  answer: InnerReading | KernelError,
  { desired, memory }: { readonly desired: Desired; readonly memory: Memory },
): void {
  const layout = desired.outers.get(outer)?.layout;
  const known = memory.outers.get(outer)?.programmed;
  const programmed = known?.get(inner.keyHex);
  // Replaced or removed meanwhile: the next turn reads it
  if (layout === undefined || programmed === undefined || answer instanceof KernelError) return;
  if (answer.id !== programmed.id) return;
  const reading = compared(inner, layout, answer);
  const missing = reading.kind === 'different' ? reading.difference.missing : 0;
  const short: Pick<Programmed, 'held' | 'total'> =
    missing > 0 ? { held: inner.entries.count - missing, total: answer.entries.count } : {};
  known!.set(inner.keyHex, { ...programmed, ...short });
}
