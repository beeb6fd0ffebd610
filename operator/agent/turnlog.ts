import { goingText } from '../core/plan/going.ts';
import type { Plan } from '../core/plan/plan.ts';
import { stepText } from '../core/plan/print.ts';
import { heldText, retirementsFailed } from '../core/report/failures.ts';
import { KernelError } from '../kernel/error.ts';
import { driftFields } from './apply/drift.ts';
import type { TurnListener } from './run.ts';
import type { Turn } from './turn.ts';

/** The part of a log that the agent needs. */
export interface LogSink {
  info(message: string, fields?: Record<string, unknown>): void;
  /** `kind`: of a message that is not always the same. */
  warn(message: string, fields?: Record<string, unknown>, kind?: string): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** A line about an object that is not as declared. */
interface FailureLine {
  readonly text: string;
  /** Nobody's lines keep back another's: an OuterMap has one of its own, a namespace, and all files and Nodes together. */
  readonly kind: string;
}

/** Upper bound of the failures logged for one turn; the report has the rest. */
const LOGGED = 10;

/**
 * Logs one line for a turn in which something changed, none for one without. Failures are logged when they are new,
 * that of a whole turn too.
 * `onNode` puts the node's paths into a text; reports have them already.
 */
export function turnLog(log: LogSink, onNode: (text: string) => string = text => text): TurnListener {
  let before = new Set<string>();
  let failedWith: string | undefined;
  return {
    turned({ report, plan, tally, cleaned }: Turn) {
      const { turn } = report;
      if (failedWith !== undefined) log.info('Turns go on');
      failedWith = undefined;
      for (const outer of cleaned) log.info('Removed because innermap clean asked for it', { outer });
      if (turn.steps > 0) log.info('Turn', { ...fieldsOf(turn), ...otherSteps(tally) });
      if (turn.driftFound > 0) logDrift(tally, log);
      const lines = [
        ...retirementsHeld(plan, report),
        ...retirementFailures(tally).map(line => ({ ...line, text: onNode(line.text) })),
        ...failuresIn(report),
      ];
      const news = lines.filter(({ text }) => !before.has(text));
      for (const { text, kind } of news.slice(0, LOGGED)) log.warn(text, undefined, kind);
      if (news.length > LOGGED)
        log.warn('More cannot be done, the report has all of it', { more: news.length - LOGGED });
      if (before.size > 0 && lines.length === 0) log.info('Everything is as declared again');
      before = new Set(lines.map(({ text }) => text));
    },
    failed(thrown, retryMs) {
      const error = onNode(failureText(thrown));
      if (error !== failedWith) log.error('Turn failed', { error, retryMs });
      failedWith = error;
    },
  };
}

/** Logs what a plan takes away from programs, before it is applied. */
export function planLog(log: LogSink): (plan: Plan) => void {
  return ({ steps }) => {
    const going = steps.filter(step => goingText(step) !== undefined);
    for (const step of going.slice(0, LOGGED))
      log.warn(`Taking away: ${stepText(step).slice(2)}`, undefined, `OuterMap ${step.outer}`);
    if (going.length > LOGGED) log.warn('Taking away more', { more: going.length - LOGGED });
  };
}

/** What the kernel refuses is a sentence; anything else is a mistake of ours, whose place is needed. */
function failureText(thrown: unknown): string {
  if (thrown instanceof KernelError) return thrown.message;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

function fieldsOf(turn: Turn['report']['turn']): Record<string, unknown> {
  const { number, steps, milliseconds, startedAt: _, ...counts } = turn;
  const changed = Object.entries(counts).filter(([, count]) => count !== 0);
  return { number, steps, milliseconds, ...Object.fromEntries(changed) };
}

/** The steps that have no count of their own: `record=1 pin=1`. */
function otherSteps({ done }: Turn['tally']): Turn['tally']['done'] {
  return Object.fromEntries(Object.entries(done).filter(([verb]) => !COUNTED.has(verb)));
}

const COUNTED: ReadonlySet<string> = new Set(['insert', 'replace', 'edit', 'remove']);

/** Logs where somebody else wrote, and what was found there instead. */
function logDrift({ drifted }: Turn['tally'], log: LogSink): void {
  for (const step of drifted.slice(0, LOGGED)) log.warn('Drift', driftFields(step));
  if (drifted.length > LOGGED) log.warn('More drift', { more: drifted.length - LOGGED });
}

/** No list of the report has OuterMaps that are not declared any more. */
function retirementsHeld({ held }: Turn['plan'], { outerMaps }: Turn['report']): readonly FailureLine[] {
  const declared = new Set(outerMaps.map(({ name }) => name));
  return held
    .filter(({ outer }) => !declared.has(outer))
    .map(each => ofOuterMap(each.outer, `RemovalHeld, ${heldText(each, 'undeclared')}`));
}

function retirementFailures({ failed }: Turn['tally']): readonly FailureLine[] {
  return retirementsFailed(failed).map(({ outer, reason, message }) =>
    ofOuterMap(outer, `${reason}, cannot let go: ${message}`),
  );
}

/** OuterMaps first: they may hold a removal, and are few. */
function failuresIn({ refusals, outerMaps, innerMaps }: Turn['report']): readonly FailureLine[] {
  return [
    ...outerMaps
      .filter(({ ready }) => !ready)
      .map(({ name, reason, message }) => ofOuterMap(name, `${reason}, ${message}`)),
    ...refusals.map(({ origin, message }) => ({ text: `${origin}: ${message}`, kind: 'Refusal' })),
    ...innerMaps.map(({ namespace, name, reason, message }) => ({
      text: `InnerMap ${namespace}/${name}: ${reason}, ${message}`,
      kind: `Namespace ${namespace}`,
    })),
  ];
}

function ofOuterMap(name: string, text: string): FailureLine {
  return { text: `OuterMap ${name}: ${text}`, kind: `OuterMap ${name}` };
}
