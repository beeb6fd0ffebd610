import type { IncomingMessage, Server } from 'node:http';

type Socket = IncomingMessage['socket'];

/**
 * Holds a server to so many connections by closing others, never by refusing a new one: a kubelet whose probe is refused ends
 * this process, and any pod may connect. The address with the most connections gives one up, so that one pod's thousand do
 * not cost a kubelet its one; an idle one before one that is being answered, the oldest first.
 */
export function limitConnections(server: Server, most: number): void {
  const groups = new Map<string, Set<Socket>>();
  const answered = new WeakSet<Socket>();
  let open = 0;
  const remove = (socket: Socket, address: string): void => {
    const group = groups.get(address);
    if (group?.delete(socket) !== true) return;
    open -= 1;
    if (group.size === 0) groups.delete(address);
  };
  server.on('request', ({ socket }) => answered.add(socket));
  server.on('connection', socket => {
    // Absent where the other side has gone already
    const { remoteAddress: address = '' } = socket;
    groups.set(address, (groups.get(address) ?? new Set()).add(socket));
    open += 1;
    socket.once('close', () => remove(socket, address));
    if (open <= most) return;
    const [crowded, group] = largest(groups);
    const surplus = oldest(group, answered);
    remove(surplus, crowded);
    // After a closing handshake the kernel would keep it until the other side takes part
    surplus.resetAndDestroy();
  });
}

function largest(groups: ReadonlyMap<string, Set<Socket>>): readonly [string, ReadonlySet<Socket>] {
  return [...groups].reduce((most, group) => (group[1].size > most[1].size ? group : most));
}

/** The oldest that is idle, or else the oldest. A set has the order of arrival. */
function oldest(group: ReadonlySet<Socket>, answered: WeakSet<Socket>): Socket {
  for (const socket of group) if (!answered.has(socket)) return socket;
  return [...group][0]!;
}
