import { EXIT, type Given, type Ports } from '../command.ts';
import { colourOf } from '../terminal/colour.ts';
import { withProgress } from '../terminal/progress.ts';
import { printable } from '../terminal/table.ts';
import type { ClusterAddress, ClusterFacts } from './ports.ts';
import { type ClusterOverview, clusterOverview } from './status/standing.ts';
import { overviewText } from './status/text.ts';

/** `kubectl innermap status [OUTER]` */
export async function clusterStatus(given: Given, ports: Ports, address: ClusterAddress): Promise<number> {
  const { terminal } = ports;
  const scope = scopeOf(given);
  const facts = await withProgress(terminal, 'Reading the cluster', progress =>
    ports.inspect.facts({ address, ...scope, progress }),
  );
  refuseNothing(facts, scope.outerMap, terminal.program);
  const standing = clusterOverview(facts, scope);
  if (given.text('output') === 'json') terminal.out(`${JSON.stringify(jsonOf(standing), null, 2)}\n`);
  else terminal.out(overviewText(standing, { terminal, all: given.switched('all') }));
  const { warn } = colourOf(terminal, 'error');
  for (const message of standing.unread) terminal.error(`${warn('Note:')} ${printable(message)}\n`);
  return standing.ready ? EXIT.done : EXIT.attention;
}

function scopeOf(given: Given): { readonly outerMap?: string; readonly namespace?: string } {
  const [outerMap] = given.operands;
  const namespace = given.text('namespace');
  return {
    ...(outerMap === undefined ? {} : { outerMap }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** A misspelt name must not look like an outer map that is well; neither must a cluster that tells nothing. */
function refuseNothing(facts: ClusterFacts, outerMap: string | undefined, program: string): void {
  const { outerMaps, innerMaps, states } = facts;
  if (outerMaps.kind === 'forbidden' && innerMaps.kind === 'forbidden' && states.kind === 'forbidden')
    throw new Error(outerMaps.message);
  if (outerMap !== undefined && outerMaps.kind === 'read' && outerMaps.items.length === 0)
    throw new Error(`Cannot find OuterMap ${outerMap} in ${facts.server}: \`${program} status\` lists them`);
}

/** Every row, also of nodes that are ready: programs do their own choosing. */
function jsonOf(standing: ClusterOverview): object {
  const { rows, ...rest } = standing;
  return { ...rest, nodes: rows };
}
