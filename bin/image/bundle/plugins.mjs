import { join } from 'node:path';

/**
 * Only the modules of a package that are used: its index brings 1,200 of generated classes, and half of the agent's memory. Its
 * own imports name files, so that they need not be looked up one by one.
 */
export function withoutSideEffects(name) {
  const folder = `${join('node_modules', name)}/`;
  return {
    name: `without side effects: ${name}`,
    setup({ onResolve, resolve }) {
      onResolve({ filter: new RegExp(`^${name}$`) }, async ({ path, pluginData, ...from }) => {
        if (pluginData === name) return undefined;
        const { importer, resolveDir, kind } = from;
        return {
          ...(await resolve(path, { importer, resolveDir, kind, pluginData: name })),
          sideEffects: false,
        };
      });
      onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, importer, resolveDir }) =>
        importer.includes(folder) ? { path: join(resolveDir, path), sideEffects: false } : undefined,
      );
    },
  };
}

/** NAME.mjs of this folder in the place of a package; esbuild fails where somebody imports more than it has. */
export function partOf(name) {
  return {
    name: `part of ${name}`,
    setup({ onResolve }) {
      onResolve({ filter: new RegExp(`^${name}$`) }, () => ({
        path: join(import.meta.dirname, `${name}.mjs`),
      }));
    },
  };
}

/**
 * A module of Node's by `require`. An `import` reads all that it exports, and so loads what is there on demand: `http` has a
 * WebSocket, which is the whole of Node's own undici, and 8 MB of the agent's memory.
 */
export function onDemand(...names) {
  const namespace = 'on-demand';
  const filter = new RegExp(`^(?:node:)?(?:${names.join('|')})$`);
  return {
    name: namespace,
    setup({ onResolve, onLoad }) {
      onResolve({ filter }, ({ path, kind }) =>
        kind === 'import-statement' ? { path, namespace } : undefined,
      );
      onLoad({ filter, namespace }, ({ path }) => ({ contents: `module.exports = require('${path}')` }));
    },
  };
}
