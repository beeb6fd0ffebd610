import { connect, type NetConnectOpts, type Socket } from 'node:net';

/** What connections do: nothing, or send a request for ever, or ask and read no answer. */
const MANNERS = ['silent', 'slow', 'deaf'] as const;
type Manner = (typeof MANNERS)[number];

/** Connections of one address, each opened anew when it ends. */
export class Attack {
  readonly #to: NetConnectOpts;
  readonly #manners: readonly Manner[];
  readonly #sockets = new Set<Socket>();
  #isOver = false;
  #closing = () => {};
  closed = 0;

  constructor(address: string, from: string, manners: readonly Manner[] = MANNERS) {
    this.#manners = manners;
    const { hostname, port } = new URL(`http://${address}`);
    this.#to = { host: hostname, port: Number(port), localAddress: from };
  }

  open(count: number): void {
    for (let index = 0; index < count; index += 1) this.#open(this.#manners[index % this.#manners.length]!);
  }

  async untilClosed(count: number): Promise<void> {
    while (this.closed < count) await new Promise<void>(resolve => (this.#closing = resolve));
  }

  end(): void {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #open(manner: Manner): void {
    if (this.#isOver) return;
    const socket = connect(this.#to);
    this.#sockets.add(socket);
    socket.on('error', () => {});
    if (manner !== 'deaf') socket.resume();
    socket.once('connect', () => {
      if (manner === 'slow') trickle(socket);
      if (manner === 'deaf') socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n');
    });
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.closed += 1;
      this.#closing();
      this.#open(manner);
    });
  }
}

/** Sends headers for ever, a few bytes at a time. */
function trickle(socket: Socket): void {
  socket.write('GET /healthz HTTP/1.1\r\n');
  const timer = setInterval(() => socket.write('x: y\r\n'), 20);
  socket.once('close', () => clearInterval(timer));
}
