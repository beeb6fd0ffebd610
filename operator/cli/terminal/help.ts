import { HELP } from '../arguments/options.ts';
import type { Command, Option, Terminal } from '../command.ts';
import { colourOf } from './colour.ts';

/** The text of `innermap --help`. */
export function overview(commands: readonly Command[], terminal: Terminal): string {
  const { strong } = colourOf(terminal, 'out');
  const { program } = terminal;
  const rows = commands.map(command => [`${command.name} ${command.usage}`, command.summary]);
  return [
    'Declares the inner maps of eBPF outer maps as Kubernetes objects, and keeps the kernel so.\n',
    `${strong('Usage:')}\n  ${program} COMMAND [options]\n`,
    `${strong('Commands:')}\n${twoColumns(rows)}`,
    `${strong('Options:')}\n${twoColumns([
      ['-h, --help', 'show this help, or a command’s'],
      ['--version', 'show the version'],
    ])}`,
    `${program} COMMAND --help shows a command’s options and examples.\n`,
  ].join('\n');
}

/** The text of `innermap COMMAND --help`. */
export function commandHelp(command: Command, terminal: Terminal): string {
  const { strong, faint } = colourOf(terminal, 'out');
  const line = `${terminal.program} ${command.name}`;
  const options = [...command.options, HELP].map(option => [optionText(option), summaryText(option)]);
  const examples = command.examples.map(
    example => `  ${faint(`# ${example.says}`)}\n  ${terminal.program} ${example.line}\n`,
  );
  return [
    `${sentence(command.summary)}\n`,
    `${strong('Usage:')}\n  ${`${line} ${command.usage}`.trimEnd()} [options]\n`,
    ...command.notes.map(note => `${note}\n`),
    `${strong('Options:')}\n${twoColumns(options)}`,
    `${strong('Examples:')}\n${examples.join('')}`,
  ].join('\n');
}

function optionText(option: Option): string {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  return `${short}--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`;
}

function summaryText(option: Option): string {
  const notes = [
    ...(option.repeated === true ? ['may be repeated'] : []),
    ...(option.fallback === undefined ? [] : [`default ${option.fallback}`]),
  ];
  return notes.length === 0 ? option.summary : `${option.summary} (${notes.join('; ')})`;
}

function twoColumns(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([left]) => left!.length));
  return rows.map(([left, right]) => `  ${left!.padEnd(width)}   ${right}\n`).join('');
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
