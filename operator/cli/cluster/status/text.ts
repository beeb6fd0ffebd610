import { RELEASE_ANNOTATION } from '../../../api/metadata.ts';
import { counted } from '../../../core/plan/print.ts';
import type { Terminal } from '../../command.ts';
import { ageText } from '../../terminal/age.ts';
import { colourOf } from '../../terminal/colour.ts';
import { printable, table } from '../../terminal/table.ts';
import type { FailureGroup, HeldRemovalLine } from './failures.ts';
import type { InnerMapLine, OuterMapLine } from './objects.ts';
import type { Row } from './rows.ts';
import type { ClusterOverview, SilentNode } from './standing.ts';

/** A list that is longer than a person reads is cut, and the rest counted. */
const LONGEST_LIST = 50;
/** Of the names of nodes in one cell or line. */
const NODES_NAMED = 3;

export interface OverviewOptions {
  readonly terminal: Terminal;
  /** Also rows that are well, and lists of any length. */
  readonly all: boolean;
}

/** From the whole to its parts: outer maps, nodes that are not well, held removals, failures, InnerMaps. */
export function overviewText(standing: ClusterOverview, view: OverviewOptions): string {
  const { faint } = colourOf(view.terminal, 'out');
  const parts = [
    faint(`Cluster ${standing.server}\n`),
    outerMapTable(standing.outerMaps, view),
    rowTable(standing.rows, view),
    silentLines(standing.silent),
    heldLines(standing.held, view),
    failureTable(standing, view),
    innerMapTable(standing.innerMaps.notReady, view),
    `${summary(standing, view)}\n`,
  ];
  return parts.filter(part => part !== '').join('\n');
}

function outerMapTable(outerMaps: readonly OuterMapLine[], { terminal }: OverviewOptions): string {
  if (outerMaps.length === 0) return 'No outer maps are declared, or none that may be read\n';
  const { bad } = colourOf(terminal, 'out');
  const rows = outerMaps.map(({ name, type, inner, nodes, innerMaps, ready, reason }) => [
    name,
    type,
    inner,
    nodes,
    text(innerMaps),
    ready,
    reason,
  ]);
  const told = outerMaps
    .filter(({ message }) => message !== '')
    .map(({ name, message }) => `${bad(name)}: ${printable(message)}\n`);
  return table(['OUTER MAP', 'TYPE', 'INNER', 'NODES', 'MAPS', 'READY', 'REASON'], rows) + told.join('');
}

function rowTable(rows: readonly Row[], view: OverviewOptions): string {
  const shown = rows.filter(({ ready }) => view.all || ready !== 'True');
  if (shown.length === 0) return '';
  const header = [
    'NODE',
    'OUTER MAP',
    'MAPS',
    'ENTRIES',
    'FAILED',
    'BEHIND',
    'READY',
    'REASON',
    'SINCE',
    'NOTE',
  ];
  const now = view.terminal.now();
  const cells = shown.map(row => [
    row.node,
    row.outerMap,
    text(row.innerMaps),
    text(row.entries),
    text(row.failed),
    text(row.behind),
    row.ready,
    row.reason,
    row.since === undefined ? '' : ageText(now - Date.parse(row.since)),
    row.message,
  ]);
  return listed(header, cells, view);
}

/** Nodes that have told nothing, by what they wait for. */
function silentLines(silent: readonly SilentNode[]): string {
  const groups = new Map<string, string[]>();
  for (const { node, waitsFor = 'no agent Pod is there, they are left out' } of silent) {
    groups.set(waitsFor, [...(groups.get(waitsFor) ?? []), node]);
  }
  return [...groups]
    .slice(0, LONGEST_LIST)
    .map(([why, nodes]) => `Without a NodeMapState: ${nodesText(nodes)}: ${printable(why)}\n`)
    .join('');
}

function heldLines(held: readonly HeldRemovalLine[], { terminal }: OverviewOptions): string {
  const { warn } = colourOf(terminal, 'out');
  return held
    .map(({ outerMap, token, keys, nodes }) => {
      const what = `${warn('Held:')} the removal of ${counted(keys, 'key')} of ${outerMap} on ${nodesText(nodes)}; if it is meant:`;
      return `${what}\n  kubectl annotate om/${outerMap} ${RELEASE_ANNOTATION}=${printable(token)} --overwrite\n`;
    })
    .join('');
}

function failureTable({ failures, unlistedFailures }: ClusterOverview, view: OverviewOptions): string {
  if (failures.length === 0 && unlistedFailures === 0) return '';
  const rows = failures.map(({ object, nodes, reason, message }: FailureGroup) => [
    object,
    nodesText(nodes),
    reason,
    message,
  ]);
  const rest =
    unlistedFailures === 0
      ? ''
      : `and ${counted(unlistedFailures, 'failure')} that the node states do not list\n`;
  return listed(['FAILURE', 'NODES', 'REASON', 'MESSAGE'], rows, view) + rest;
}

function innerMapTable(inners: readonly InnerMapLine[], view: OverviewOptions): string {
  if (inners.length === 0) return '';
  const rows = inners.map(({ namespace, name, outerMap, key, nodes, reason, message }) => [
    `${namespace}/${name}`,
    outerMap,
    key,
    nodes,
    reason,
    message,
  ]);
  return listed(['INNER MAP', 'OUTER', 'KEY', 'NODES', 'REASON', 'MESSAGE'], rows, view);
}

function listed(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { all }: OverviewOptions,
): string {
  const shown = all ? rows : rows.slice(0, LONGEST_LIST);
  const rest = rows.length - shown.length;
  return table(header, shown) + (rest > 0 ? `and ${rest} more: --all lists them\n` : '');
}

/** `node-1, node-2`, or `4998 nodes (node-1, node-2, node-3, …)`. */
function nodesText(nodes: readonly string[]): string {
  if (nodes.length <= NODES_NAMED) return printable(nodes.join(', '));
  return printable(`${nodes.length} nodes (${nodes.slice(0, NODES_NAMED).join(', ')}, …)`);
}

function summary(standing: ClusterOverview, { terminal }: OverviewOptions): string {
  const { good, bad } = colourOf(terminal, 'out');
  const { innerMaps, rows, silent, outerMaps } = standing;
  const total = counted(innerMaps.total, 'inner map');
  const nodes = counted(new Set(rows.map(({ node }) => node)).size, 'node');
  if (standing.ready) return good(`Ready: ${total} as declared on ${nodes}`);
  const notReady = rows.filter(({ ready }) => ready !== 'True');
  const waiting = silent.filter(({ waitsFor }) => waitsFor !== undefined).length;
  const parts = [
    `${outerMaps.filter(({ ready }) => ready !== 'True').length} of ${counted(outerMaps.length, 'outer map')}`,
    `${innerMaps.notReady.length} of ${total}`,
    `${new Set(notReady.map(({ node }) => node)).size} of ${nodes} not ready`,
    ...(waiting === 0 ? [] : [`${counted(waiting, 'node')} not heard of yet`]),
  ];
  return bad(`Not ready: ${parts.join(', ')}`);
}

function text(count: number | undefined): string {
  return count === undefined ? '' : String(count);
}
