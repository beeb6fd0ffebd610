import type { Mutant } from '../mutant.js';

const SERVE = ['dist/operator/support/serve.test.js', 'dist/operator/support/connections.test.js'];

export const boundsMutants: readonly Mutant[] = [
  {
    name: 'connections above the bound are refused, a probe among them',
    file: 'operator/support/connections.ts',
    from: 'if (open <= most) return;',
    to: 'if (open > most) socket.destroy();\n    if (most > 0) return;',
    specs: SERVE,
  },
  {
    name: 'the newest connection is closed instead of the oldest',
    file: 'operator/support/connections.ts',
    from: 'for (const socket of group) if',
    to: 'for (const socket of [...group].reverse()) if',
    specs: SERVE,
  },
  {
    name: 'a connection that is being answered is closed like an idle one',
    file: 'operator/support/connections.ts',
    from: 'if (!answered.has(socket)) return socket;',
    to: 'if (!answered.has(socket) || group.size > 0) return socket;',
    specs: SERVE,
  },
  {
    name: 'another address gives up its connection for the one that has hundreds',
    file: 'operator/support/connections.ts',
    from: 'group[1].size > most[1].size ?',
    to: 'group[1].size < most[1].size ?',
    specs: SERVE,
  },
  {
    name: 'a connection stays open after its answer',
    file: 'operator/support/serve.ts',
    from: "    connection: 'close',\n",
    to: '',
    specs: SERVE,
  },
  {
    name: 'an InnerMap may have one entry more than the OuterMap’s limit',
    file: 'operator/core/layout/outer.ts',
    from: 'maxEntries <= mostEntries)',
    to: 'maxEntries <= mostEntries + 1)',
    specs: ['dist/operator/core/layout/outer.test.js'],
  },
  {
    name: 'what was refused by one limit stays refused when the limit is raised',
    file: 'operator/core/layout/digest.ts',
    from: 'mostEntries === template.maxEntries ?',
    to: 'mostEntries >= template.maxEntries ?',
    specs: ['dist/operator/core/layout/outer.test.js'],
  },
];
