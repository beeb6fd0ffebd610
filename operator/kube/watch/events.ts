import { Slice } from '../../timing/sliced.ts';
import { type WatchEvent, watchEvent } from './event.ts';
import { LineSplitter } from './lines.ts';

/** Parses events one by one and calls `take` for each. A stream that ends in the middle of a line throws. */
export async function readEvents(
  chunks: AsyncIterable<Uint8Array>,
  alive: () => void,
  take: (event: WatchEvent) => void,
): Promise<void> {
  const lines = new LineSplitter();
  const slice = new Slice();
  for await (const chunk of chunks) {
    alive();
    for (const line of lines.push(chunk)) {
      take(watchEvent(line));
      if (slice.over()) await slice.rest();
    }
  }
  if (lines.pending > 0)
    throw new Error('Cannot read a watch: the connection ended in the middle of an event');
}
