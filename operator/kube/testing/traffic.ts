import type { Socket } from 'node:net';

const open = new Set<Socket>();
let past = 0;

/** Counts what goes over a connection of a scripted server. */
export function count(socket: Socket): void {
  past++;
  open.add(socket);
  socket.on('close', () => {
    open.delete(socket);
    past += 1 + socket.bytesRead + socket.bytesWritten;
  });
}

/** Grows with every connection and byte: between two equal readings nothing moved. */
export function traffic(): number {
  let sum = past;
  for (const { bytesRead, bytesWritten } of open) sum += bytesRead + bytesWritten;
  return sum;
}
