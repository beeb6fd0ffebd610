import type { Mutant } from '../mutant.ts';

const spec = (path: string) => [`dist/operator/${path}.test.js`];
const NODE_SET = { file: 'operator/core/status/nodes/nodeset.ts', specs: spec('core/status/nodes/nodeset') };
const INDEX = {
  file: 'operator/core/status/nodes/watermarkindex.ts',
  specs: [...spec('core/status/clusterrollup'), ...spec('core/status/falseready')],
};
const EVENTS = { file: 'operator/controller/events.ts', specs: spec('controller/parts') };
const CALM = { file: 'operator/support/calmlog.ts', specs: spec('support/calmlog') };

/** Slips in what statuses, plans and logs say: each of them says something that is not so. */
export const wordsMutants: readonly Mutant[] = [
  {
    ...NODE_SET,
    name: 'a Pod that is bound counts as an agent',
    from: 'pod !== undefined && (isReady(pod) || hasReported(states, facts) || wasHeard(last, facts))',
    to: 'pod !== undefined && (isReady(pod) || hasReported(states, facts) || wasHeard(last, facts) || true)',
  },
  {
    ...NODE_SET,
    name: 'a report of an earlier Node of the same name proves that an agent runs',
    from: 'return states.get(name)?.uid === uid;',
    to: "return states.has(name) && uid !== '';",
  },
  {
    ...NODE_SET,
    name: 'an agent that was heard before its Node was made anew still counts',
    from: 'return last?.hasAgent === true && last.facts.uid === uid;',
    to: "return last?.hasAgent === true && uid !== '';",
  },
  {
    ...NODE_SET,
    name: 'a first report is not noticed while Nodes and Pods stay the same',
    from: 'return isSame && !unheard.some(facts => hasReported(next.states, facts));',
    to: 'return isSame && (unheard.length >= 0 || hasReported(next.states, unheard[0]!));',
  },
  {
    ...INDEX,
    name: 'a node whose watermark is the goal is behind',
    from: 'at => sorted[at]! >= bound',
    to: 'at => sorted[at]! > bound',
  },
  {
    ...INDEX,
    name: 'a failure counts for a change that the node has not come to',
    from: 'failing.filter(({ watermark }) => watermark >= goal.version)',
    to: 'failing.filter(({ watermark }) => watermark >= 0)',
  },
  {
    ...INDEX,
    name: 'an InnerMap is ready where more fails than is listed',
    from: 'ready: reached.count - hidden.count,',
    to: 'ready: reached.count,',
  },
  {
    name: 'a label that selectors name may change unnoticed',
    file: 'operator/core/status/nodes/staleness.ts',
    from: 'return selectorLabels !== undefined && stillHold(selectorLabels, node.labels);',
    to: 'return selectorLabels !== undefined && (selectorLabels.length > 0 || stillHold(selectorLabels, node.labels));',
    specs: spec('core/status/nodes/staleness'),
  },
  {
    name: 'labels that only expressions name are not listed',
    file: 'operator/core/report/selectorlabels.ts',
    from: 'for (const { key } of selector.matchExpressions) keys.add(key);',
    to: '',
    specs: spec('core/report/selectorlabels'),
  },
  {
    name: 'every label of a node is news',
    file: 'operator/core/report/news.ts',
    from: 'return node.selectorLabels === undefined ? { ...node, labelsHash } : node;',
    to: 'return { ...node, labelsHash };',
    specs: spec('core/report/news'),
  },
  {
    name: 'a written version from before a restoration is waited for',
    file: 'operator/core/status/memory.ts',
    from: 'return isCurrent && versionOf(specResourceVersion) <= versionOf(resourceVersion)',
    to: 'return isCurrent && versionOf(specResourceVersion) !== versionOf(resourceVersion)',
    specs: spec('core/status/falseready'),
  },
  {
    name: 'a held removal is hidden by the watermark that it holds back',
    file: 'operator/core/status/outerrollup.ts',
    from: 'isLate, failsBefore: true };',
    to: 'isLate, failsBefore: false };',
    specs: spec('core/status/falseready'),
  },
  {
    name: 'a node that has yet to report counts as silent at once',
    file: 'operator/core/status/clusterrollup.ts',
    from: "(node.kind === 'absent' && node.overdue)",
    to: "node.kind === 'absent'",
    specs: spec('controller/run'),
  },
  {
    name: 'an InnerMap that was made anew between two lists was never deleted',
    file: 'operator/controller/innermapstore.ts',
    from: 'if (item?.uid !== uid) this.#delete',
    to: "if (item?.uid === undefined && uid !== '') this.#delete",
    specs: spec('controller/innermapstore'),
  },
  {
    name: 'a 404 for a forgotten object is remembered as a conflict',
    file: 'operator/controller/write.ts',
    from: 'if (!this.#schedules[kind].knows(id)) return;',
    to: '',
    specs: spec('controller/write'),
  },
  {
    ...EVENTS,
    name: 'another reason for a failure is no event',
    from: "(now.status !== 'True' && then.reason !== now.reason)",
    to: "(now.status !== 'True' && then.reason !== now.reason && then.reason === 'Progressing')",
  },
  {
    ...EVENTS,
    name: 'contents that are being read are a failure',
    from: "!NORMAL.has(reason) && reason !== 'Pending'",
    to: '!NORMAL.has(reason)',
  },
  {
    name: 'status believes the report of an earlier Node',
    file: 'operator/cli/cluster/status/present.ts',
    from: 'state.node.uid === node.uid)',
    to: "state.node.uid !== '')",
    specs: spec('cli/cluster/status'),
  },
  {
    name: 'a node that has yet to report is nothing to wait for',
    file: 'operator/cli/cluster/status/overview.ts',
    from: 'silent.every(({ waitsFor }) => waitsFor === undefined)',
    to: 'silent.every(({ node }) => node !== undefined)',
    specs: spec('cli/cluster/status'),
  },
  {
    name: 'an InnerMap at the watermark is behind',
    file: 'operator/cli/cluster/status/behind.ts',
    from: 'if (goal <= watermark) break;',
    to: 'if (goal < watermark) break;',
    specs: spec('cli/cluster/status'),
  },
  {
    name: 'a plan that an agent would refuse is a kernel as declared',
    file: 'operator/cli/plan/outcome.ts',
    from: 'refusals: [...refusals, ...rejected, ...refused, ...untouched],',
    to: 'refusals: [...refusals, ...rejected, ...refused.slice(0, 0)],',
    specs: spec('cli/plan/outcome'),
  },
  {
    name: 'a held removal is nothing to do',
    file: 'operator/cli/plan.ts',
    from: 'changes + held.length > 0',
    to: 'changes > 0',
    specs: spec('cli/commands'),
  },
  {
    ...CALM,
    name: 'lines that are left out are not counted',
    from: 'more: waiting.more + 1 }',
    to: 'more: waiting.more }',
  },
  {
    ...CALM,
    name: 'two lines a second instead of one',
    from: '          allowance.take(name);\n',
    to: '',
  },
];
