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
  {
    name: 'entries are encoded whatever memory is left',
    file: 'operator/core/codec/content.ts',
    from: 'if (room !== undefined && bytes > room.left)',
    to: 'if (room !== undefined && bytes > 1024 * room.left)',
    specs: ['dist/operator/core/codec/content.test.js', 'dist/e2e/agent/limits.test.js'],
  },
  {
    name: 'large contents of a cluster count only once they are encoded',
    file: 'operator/source/cluster/inners.ts',
    from: 'this.#take(before + encoded);',
    to: 'this.#take(0 * (before + encoded));',
    specs: ['dist/operator/source/cluster/room.test.js'],
  },
  {
    name: 'contents of a cluster that are gone still count',
    file: 'operator/source/cluster/inners.ts',
    from: 'this.#take(-(this.#store.get(key)?.bytes ?? 0));',
    to: 'this.#take(-0 * (this.#store.get(key)?.bytes ?? 0));',
    specs: ['dist/operator/source/cluster/room.test.js'],
  },
  {
    name: 'contents that found no room are never read again',
    file: 'operator/source/cluster/inners.ts',
    from: 'return this.#leastNeed <= this.#options.room.left;',
    to: 'return this.#leastNeed < 0 * this.#options.room.left;',
    specs: ['dist/operator/source/cluster/room.test.js'],
  },
  {
    name: 'each file of a folder has all of the room for itself',
    file: 'operator/source/folder/manifests.ts',
    from: 'room?.take(contentBytes(content));',
    to: 'room?.take(0 * contentBytes(content));',
    specs: ['dist/operator/source/folder/folder.test.js'],
  },
];
