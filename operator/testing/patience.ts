/**
 * How long specs wait for an event before they say that they waited in vain. Nothing waits that long where it works: the
 * end is for a machine with other work, and INNERMAP_PATIENCE stretches it for one that is emulated (e2e/vm).
 */
export const PATIENCE_MS = 45_000 * Number(process.env['INNERMAP_PATIENCE'] ?? 1);

/** Whether something that compares two times holds once in three times: other work on the machine may hold up the rest. */
export async function onceInThree(holds: () => Promise<boolean>): Promise<boolean> {
  return (await holds()) || (await holds()) || (await holds());
}
