import { BPFFS, NODE, nodeOptions, outputOption, RELEASE } from './arguments/options.ts';
import { type Command, EXIT, type Given, type PlanOutcome, type Ports, type Terminal } from './command.ts';
import { counted } from './terminal/age.ts';
import { colourOf } from './terminal/colour.ts';
import { withProgress } from './terminal/progress.ts';

export const PLAN: Command = {
  name: 'plan',
  summary: 'show what an agent would do to this kernel; change nothing',
  usage: 'DIR|FILE…',
  operands: { least: 1, most: Number.POSITIVE_INFINITY },
  options: [BPFFS, ...NODE, RELEASE, outputOption('text', 'json')],
  notes: [
    'Exit code: 0 nothing to do, 1 there are changes, 2 something is wrong with the manifests or could not be read.',
    'Needs root, or CAP_BPF. Reads the same kernel and the same manifests as the agent, by the same code.',
  ],
  examples: [
    { line: 'plan ./maps', says: 'what would change' },
    { line: 'plan ./maps -o json', says: 'the same for a program to read' },
    { line: 'plan ./maps > /dev/null || echo stale', says: 'in a script' },
  ],
  run,
};

async function run(given: Given, ports: Ports): Promise<number> {
  const { terminal } = ports;
  const outcome = await withProgress(terminal, 'Reading manifests', progress =>
    ports.plan({ ...nodeOptions(given), paths: given.operands, progress }),
  );
  if (given.text('output') === 'json') terminal.out(`${JSON.stringify(jsonOf(outcome), null, 2)}\n`);
  else show(outcome, terminal);
  if (outcome.refusals.length > 0) return EXIT.error;
  return outcome.changes > 0 ? EXIT.attention : EXIT.done;
}

function jsonOf(outcome: PlanOutcome) {
  return { changes: outcome.changes, steps: outcome.steps, refusals: outcome.refusals };
}

function show(outcome: PlanOutcome, terminal: Terminal): void {
  const { bad } = colourOf(terminal, 'error');
  for (const { origin, message } of outcome.refusals) terminal.error(`${bad(origin)}: ${message}\n`);
  if (outcome.text !== '') terminal.out(coloured(outcome.text, terminal));
  terminal.out(
    outcome.changes === 0
      ? 'Nothing to do: the kernel is as declared\n'
      : `${counted(outcome.changes, 'change')}\n`,
  );
}

/** As a diff is: what comes green, what goes red, what becomes another yellow. */
function coloured(text: string, terminal: Terminal): string {
  const { good, bad, warn } = colourOf(terminal, 'out');
  const paint = (line: string) => {
    const sign = line.trimStart()[0];
    if (sign === '+') return good(line);
    if (sign === '-') return bad(line);
    return sign === '~' ? warn(line) : line;
  };
  const ended = text.endsWith('\n') ? text.slice(0, -1) : text;
  return `${ended.split('\n').map(paint).join('\n')}\n`;
}
