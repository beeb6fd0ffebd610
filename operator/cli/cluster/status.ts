import { present } from '../../api/parse/section.ts';
import { EXIT, type Given, type Ports } from '../command.ts';
import { note } from '../terminal/note.ts';
import { withProgress } from '../terminal/progress.ts';
import type { ClusterAddress, ClusterFacts } from './ports.ts';
import { clusterOverview } from './status/overview.ts';
import { overviewText } from './status/text.ts';

/** `kubectl innermap status [OUTER]` */
export async function clusterStatus(given: Given, ports: Ports, address: ClusterAddress): Promise<number> {
  const { terminal } = ports;
  const scope = present({ outerMap: given.operands[0], namespace: given.text('namespace') });
  const facts = await withProgress(terminal, 'Reading the cluster', progress =>
    ports.inspect.facts({ address, ...scope, progress }),
  );
  refuseNothing(facts, scope.outerMap, terminal.program);
  const overview = clusterOverview(facts, scope);
  if (given.text('output') === 'json') terminal.out(`${JSON.stringify(overview, null, 2)}\n`);
  else terminal.out(overviewText(overview, { terminal, all: given.switched('all') }));
  for (const message of overview.unread) note(terminal, message);
  return overview.ready ? EXIT.done : EXIT.attention;
}

/** Neither a misspelt name nor a cluster of which nothing may be read must look like outer maps that are ready. */
function refuseNothing(facts: ClusterFacts, outerMap: string | undefined, program: string): void {
  const { outerMaps, innerMaps, states } = facts;
  if (outerMaps.kind === 'forbidden' && innerMaps.kind === 'forbidden' && states.kind === 'forbidden')
    throw new Error(outerMaps.message);
  if (outerMap !== undefined && outerMaps.kind === 'read' && outerMaps.items.length === 0)
    throw new Error(`Cannot find OuterMap ${outerMap} in ${facts.server}: \`${program} status\` lists them`);
}
