import { RELEASE_ANNOTATION } from '../../../api/metadata.ts';
import { printable } from '../../../api/text/printable.ts';
import { counted, mapsText } from '../../../core/plan/print.ts';
import type { Terminal } from '../../command.ts';
import { LETTING_GO } from '../../report/text.ts';
import { ageText } from '../../terminal/age.ts';
import { colourOf } from '../../terminal/colour.ts';
import { type Columns, cutTable, LONGEST_LIST, table } from '../../terminal/table.ts';
import type { FailureGroup, HeldRemovalLine } from './failures.ts';
import type { InnerMapLine, OuterMapLine } from './objects.ts';
import type { ClusterOverview, SilentNode } from './overview.ts';
import type { RetainedLine } from './retained.ts';
import type { Row } from './rows.ts';

/** A cell or a line names so many nodes, and counts the others. */
const NODES_NAMED = 3;

interface OverviewOptions {
  readonly terminal: Terminal;
  /** Also rows that are ready, and lists of any length. */
  readonly all: boolean;
}

/** From the whole to its parts: outer maps, nodes that are not ready, held removals, failures, InnerMaps. */
export function overviewText(overview: ClusterOverview, view: OverviewOptions): string {
  const { terminal } = view;
  const parts = [
    colourOf(terminal, 'out').faint(`Cluster ${overview.server}\n`),
    outerMapTable(overview, terminal),
    rowTable(overview.nodes, view),
    silentLines(overview.silent),
    overview.held.map(held => heldLine(held, terminal)).join(''),
    overview.retained.map(retained => retainedLine(retained, terminal)).join(''),
    failureTable(overview, view),
    innerMapTable(overview.innerMaps.notReady, view),
    `${summary(overview, terminal)}\n`,
  ];
  return parts.filter(part => part !== '').join('\n');
}

function outerMapTable({ outerMaps, failures }: ClusterOverview, terminal: Terminal): string {
  if (outerMaps.length === 0) return 'No outer maps are declared, or none that may be read\n';
  const { bad } = colourOf(terminal, 'out');
  const messages = outerMaps
    .filter(({ message }) => message !== '' && !failures.some(each => message.endsWith(`: ${each.message}`)))
    .map(({ name, message }) => `${bad(name)}: ${printable(message)}\n`);
  const columns: Columns<OuterMapLine> = {
    'OUTER MAP': ({ name }) => name,
    TYPE: ({ type }) => type,
    INNER: ({ inner }) => inner,
    NODES: ({ nodes }) => nodes,
    MAPS: ({ innerMaps }) => innerMaps,
    READY: ({ ready }) => ready,
    REASON: ({ reason }) => reason,
  };
  return table(outerMaps, columns) + messages.join('');
}

function rowTable(rows: readonly Row[], view: OverviewOptions): string {
  const now = view.terminal.now();
  const shown = view.all ? rows : rows.filter(({ ready }) => ready !== 'True');
  return listed(shown, view, {
    NODE: ({ node }) => node,
    'OUTER MAP': ({ outerMap }) => outerMap,
    MAPS: ({ innerMaps, distinct }) => (innerMaps === undefined ? '' : mapsText(innerMaps, distinct)),
    ENTRIES: ({ entries }) => entries,
    FAILED: ({ failed }) => failed,
    BEHIND: ({ behind }) => behind,
    READY: ({ ready }) => ready,
    REASON: ({ reason }) => reason,
    SINCE: ({ since }) => (since === undefined ? '' : ageText(now - Date.parse(since))),
    NOTE: ({ message }) => message,
  });
}

/** Nodes that have not reported, by what they wait for. */
function silentLines(silent: readonly SilentNode[]): string {
  const groups = new Map<string, string[]>();
  for (const { node, waitsFor, withoutAgent } of silent) {
    const why = waitsFor ?? `${withoutAgent}; Ready does not wait for it`;
    groups.set(why, [...(groups.get(why) ?? []), node]);
  }
  return [...groups]
    .slice(0, LONGEST_LIST)
    .map(([why, nodes]) => `Without a NodeMapState: ${nodesText(nodes)}: ${printable(why)}\n`)
    .join('');
}

function heldLine({ outerMap, token, keys, nodes }: HeldRemovalLine, terminal: Terminal): string {
  const { warn } = colourOf(terminal, 'out');
  const what = `the removal of ${counted(keys, 'key')} of ${outerMap} on ${nodesText(nodes)}; if it is meant:`;
  const command = `kubectl annotate om/${outerMap} ${RELEASE_ANNOTATION}=${printable(token)} --overwrite`;
  return `${warn('Held:')} ${what}\n  ${command}\n`;
}

function retainedLine({ outerMap, innerMaps, nodes }: RetainedLine, terminal: Terminal): string {
  const { warn } = colourOf(terminal, 'out');
  const what = `${printable(outerMap)} with ${counted(innerMaps, 'inner map')} on ${nodesText(nodes)}`;
  return `${warn('Retained:')} ${what}: nobody declares it; ${LETTING_GO}\n`;
}

function failureTable({ failures, unlistedFailures }: ClusterOverview, view: OverviewOptions): string {
  if (failures.length === 0 && unlistedFailures === 0) return '';
  const rest =
    unlistedFailures === 0
      ? ''
      : `and ${counted(unlistedFailures, 'failure')} that the node states do not list\n`;
  const columns: Columns<FailureGroup> = {
    FAILURE: ({ object }) => object,
    NODES: ({ nodes }) => nodesText(nodes),
    REASON: ({ reason }) => reason,
    MESSAGE: ({ message }) => message,
  };
  return listed(failures, view, columns) + rest;
}

function innerMapTable(inners: readonly InnerMapLine[], view: OverviewOptions): string {
  return listed(inners, view, {
    'INNER MAP': ({ namespace, name }) => `${namespace}/${name}`,
    OUTER: ({ outerMap }) => outerMap,
    KEY: ({ key }) => key,
    NODES: ({ nodes }) => nodes,
    REASON: ({ reason }) => reason,
    MESSAGE: ({ message }) => message,
  });
}

function listed<T>(rows: readonly T[], { all }: OverviewOptions, columns: Columns<T>): string {
  if (rows.length === 0) return '';
  return all ? table(rows, columns) : cutTable(rows, columns, ': --all lists them');
}

/** `node-1, node-2`, or `4998 nodes (node-1, node-2, node-3, …)`. */
function nodesText(nodes: readonly string[]): string {
  if (nodes.length <= NODES_NAMED) return printable(nodes.join(', '));
  return printable(`${nodes.length} nodes (${nodes.slice(0, NODES_NAMED).join(', ')}, …)`);
}

function summary(
  { ready, innerMaps, nodes: rows, silent, outerMaps }: ClusterOverview,
  terminal: Terminal,
): string {
  const { good, bad } = colourOf(terminal, 'out');
  const total = counted(innerMaps.total, 'inner map');
  const nodes = counted(nodeCount(rows), 'node');
  if (ready) return good(`Ready: ${total} as declared on ${nodes}`);
  const notReady = rows.filter(row => row.ready !== 'True');
  const waiting = silent.filter(({ waitsFor }) => waitsFor !== undefined).length;
  const parts = [
    `${outerMaps.filter(outerMap => outerMap.ready !== 'True').length} of ${counted(outerMaps.length, 'outer map')}`,
    `${innerMaps.notReady.length} of ${total}`,
    `${nodeCount(notReady)} of ${nodes} not ready`,
    ...(waiting === 0 ? [] : [`${counted(waiting, 'node')} not heard of yet`]),
  ];
  return bad(`Not ready: ${parts.join(', ')}`);
}

function nodeCount(rows: readonly Row[]): number {
  return new Set(rows.map(({ node }) => node)).size;
}
