/** This run of specs, as children are told it. */
export const RUN = process.env['INNERMAP_SUITE'] ?? String(process.pid);

/**
 * What the cgroups of tests are called, and their clusters' folders: by the run of the suite, so that bin/leftovers.mjs can tell
 * its own from those of another run on this machine; or by the process, where specs are run by hand.
 */
export const OWN = `innermap-${RUN}`;
