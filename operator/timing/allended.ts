/**
 * As Promise.all, but an error is thrown once all have ended: none still works with what whoever catches it closes. Of
 * several errors it is the first in their order.
 */
export async function allEnded<T extends readonly unknown[]>(
  tasks: readonly [...T],
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  await Promise.allSettled(tasks);
  return Promise.all(tasks);
}
