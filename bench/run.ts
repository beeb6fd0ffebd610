import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { contestantsOf, prepared } from './contestants.ts';
import { alternate, type Measured } from './measure.ts';
import { measuredChart } from './plot/measured.ts';
import { svgOf } from './plot/svg.ts';
import type { Line, Row } from './row.ts';
import { ROWS } from './rows.ts';
import { removeOnSignals } from './scratch.ts';
import { type Numbers, numbersOf, type Result, ratioOf, tableMarkdown, tableText, verdict } from './table.ts';

const HELP = `npm run bench -- [--only NAME]… [--runs N] [-o table|markdown|json]
npm run bench -- --plot FILE.svg [--runs N]

  Times ours against the programs of bench/, in C and Go, in turns and prints the minimum (and the median) of each.
  --only NAME   one row, may be repeated: ${ROWS.map(row => row.name).join(', ')}
  --runs N      runs of each contestant (5)
  -o markdown   as docs/performance.md has it
  -o json       the numbers, for a program
  --plot FILE   instead, cost against the number of inner maps and of entries, as an SVG; some minutes

Exit status: 0 all targets met, 1 one was missed, 2 it could not be measured.
`;

const OUTPUTS = {
  table: (results: readonly Result[]) => page(tableText(results)),
  markdown: (results: readonly Result[]) => page(tableMarkdown(results)),
  json,
};

type Output = keyof typeof OUTPUTS;

process.exitCode = await main();

async function main(): Promise<number> {
  removeOnSignals();
  try {
    const options = optionsOf(process.argv.slice(2));
    if (options === 'help') {
      process.stdout.write(HELP);
      return 0;
    }
    if (options.plot !== undefined) return await plot(options.plot, options.runs);
    const rows = prepared(options.rows, say);
    if (rows.length === 0) throw new Error('Cannot measure: nothing is left');
    const results: Result[] = [];
    for (const row of rows) results.push(...(await resultsOf(row, options.runs)));
    process.stdout.write(OUTPUTS[options.output](results));
    return results.some(result => verdict(result) === 'missed') ? 1 : 0;
  } catch (error) {
    say((error as Error).message);
    return 2;
  }
}

interface Options {
  readonly rows: readonly Row[];
  readonly runs: number;
  readonly output: Output;
  readonly plot?: string;
}

function optionsOf(words: string[]): Options | 'help' {
  const { values } = parseArgs({
    args: words,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      runs: { type: 'string', default: '5' },
      plot: { type: 'string' },
      output: { type: 'string', short: 'o', default: 'table' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs ${values.runs}: a whole number above 0 is wanted`);
  if (!isOutput(values.output))
    throw new Error(`-o ${values.output}: ${Object.keys(OUTPUTS).join(' or ')} is wanted`);
  if (values.plot !== undefined && values.only.length > 0)
    throw new Error('--plot FILE: it has rows of its own, leave --only out');
  return {
    rows: rowsNamed(values.only),
    runs,
    output: values.output,
    ...(values.plot !== undefined && { plot: values.plot }),
  };
}

function isOutput(word: string): word is Output {
  return Object.hasOwn(OUTPUTS, word);
}

function rowsNamed(names: readonly string[]): readonly Row[] {
  if (names.length === 0) return ROWS.filter(row => row.slow !== true);
  return names.map(name => {
    const row = ROWS.find(candidate => candidate.name === name);
    if (row === undefined)
      throw new Error(`--only ${name}: there is ${ROWS.map(known => known.name).join(', ')}`);
    return row;
  });
}

/** A line of progress on stderr, then all lines of the row. */
async function resultsOf(row: Row, most: number): Promise<readonly Result[]> {
  const runs = row.once ? 1 : most;
  say(`${row.name}, ${runs} runs`);
  const contestants = contestantsOf(row);
  const all = await alternate([...contestants.values()], runs);
  const [ours, ...others] = [...contestants.keys()].map((name, at) => [name, all[at]!] as const);
  return row.lines.map(line => {
    const numbers = numbersOf(ours![1], line);
    if (numbers === undefined)
      throw new Error(`Cannot fill the table: ${row.name} did not measure ${line.measure}`);
    const compared = others.map(([name, measured]) => [name, comparable(measured, line)]);
    return {
      line,
      ours: numbers,
      ...(row.beside && { besideTitle: row.beside.title }),
      ...Object.fromEntries(compared.filter(([, theirs]) => theirs !== undefined)),
    };
  });
}

/** Only time is compared: a stall or a descriptor of another program means nothing to ours. */
function comparable(measured: Measured, line: Line): Numbers | undefined {
  return line.measure === 'seconds' ? numbersOf(measured, line) : undefined;
}

function say(sentence: string): void {
  process.stderr.write(`bench: ${sentence}\n`);
}

async function plot(file: string, runs: number): Promise<number> {
  writeFileSync(file, svgOf(await measuredChart({ runs, where: machine(), say })));
  return 0;
}

function machine(): string {
  return `Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}`;
}

function page(table: string): string {
  return `${machine()}\nminimum (median) of each; of stalls, memory and tails the worst of all runs\n\n${table}\n`;
}

function json(results: readonly Result[]): string {
  const rows = results.map(result => ({
    ...result,
    ratio: ratioOf(result, result.line.goal),
    verdict: verdict(result),
  }));
  return `${JSON.stringify({ kernel: release(), node: process.versions.node, rows }, undefined, 2)}\n`;
}
