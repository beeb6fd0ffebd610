import { type WatchEvent, watchEvent } from './event.ts';
import { LineSplitter } from './lines.ts';

/** Of one go on the event loop, which nothing may stall for 20 ms. */
const SLICE_MS = 4;

/** Calls `take` for each event, parsed one by one. A stream that ends in the middle of a line throws. */
export async function readEvents(
  chunks: AsyncIterable<Uint8Array>,
  alive: () => void,
  take: (event: WatchEvent) => void,
): Promise<void> {
  const lines = new LineSplitter();
  let sliceEnd = performance.now() + SLICE_MS;
  for await (const chunk of chunks) {
    alive();
    for (const line of lines.push(chunk)) {
      take(watchEvent(line));
      if (performance.now() < sliceEnd) continue;
      await new Promise(resume => setImmediate(resume));
      sliceEnd = performance.now() + SLICE_MS;
    }
  }
  if (lines.pending > 0)
    throw new Error('Cannot read a watch: the connection ended in the middle of an event');
}
