/** `npm run vm`: specs of this clone on a kernel of Debian's, in software emulation. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../crdschema.ts';
import { KNOWN_FAILURES } from './expected.ts';
import { commandOf } from './job.ts';
import { Machine } from './machine.ts';
import { type Architecture, parseOptions, type VmOptions } from './options.ts';
import { type SpecResult, Tally } from './tally.ts';

const HERE: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

process.exitCode = await run(process.argv.slice(2));

async function run(words: readonly string[]): Promise<number> {
  let options: VmOptions;
  try {
    options = parseOptions(words, HERE);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const machine = new Machine();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals)
    process.once(signal, () => {
      machine.leave();
      process.exit(130);
    });
  try {
    return options.command === '' ? await specs(machine, options) : await oneCommand(machine, options);
  } finally {
    machine.leave();
  }
}

async function oneCommand(machine: Machine, options: VmOptions): Promise<number> {
  const end = await machine.run(jobOf(options, options.command), line => console.log(line));
  if (end.kind === 'ended') return end.code;
  console.error(end.why);
  return 1;
}

/** What is being run is in dist/vm-VERSION.log. It ends with the counts; where INNERMAP_TEST_SUMMARY names a file, they go there. */
async function specs(machine: Machine, options: VmOptions): Promise<number> {
  const { version, sets, grep } = options;
  const all = grep === '' ? sets : [];
  const tally = new Tally(KNOWN_FAILURES.filter(({ set, on }) => all.includes(set) && on.includes(version)));
  let present = 'its start';
  const log = join(REPOSITORY, 'dist', `vm-${version}.log`);
  writeFileSync(log, '');
  const end = await machine.run(jobOf(options, commandOf(options)), line => {
    appendFileSync(log, `${process.uptime().toFixed(0)} s ${line}\n`);
    const [word, rest] = wordAndRest(line);
    if (word === '@begin') present = rest;
    else if (word === '@set') console.log(`set  ${rest} on ${version}`);
    else if (word === '@spec') say(tally.add(JSON.parse(rest) as SpecResult));
    else say(line);
  });
  if (end.kind === 'lost') say(tally.fail(`the machine, in ${present}`, `     ${end.why}`));
  else if (end.code !== 0)
    say(tally.fail('the machine', `     mocha ended with ${end.code}, after ${present}`));
  for (const line of tally.finish()) say(line);
  return told(tally);
}

function told({ counts }: Tally): number {
  const { passed, failed, skipped } = counts;
  const file = process.env['INNERMAP_TEST_SUMMARY'];
  if (file === undefined) console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  else writeFileSync(file, JSON.stringify(counts));
  return failed === 0 ? 0 : 1;
}

function jobOf({ version, arch, limitSeconds }: VmOptions, command: string) {
  return {
    command,
    version,
    arch,
    limitSeconds,
    image: arch === HERE ? '' : (process.env['VM_IMAGE'] ?? ''),
  };
}

function wordAndRest(line: string): readonly [string, string] {
  const at = line.indexOf(' ');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

function say(text: string | undefined): void {
  if (text !== undefined) console.log(text);
}
