import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as requestTls, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ControlPlane } from '../../plane/controlplane.ts';

/** What the way to the API server does to a request. */
export type Mood = 'pass' | 'hang' | 429 | 500;

/** A way to the API server that can fail, under the server's own certificate; it counts what goes through. */
export class FaultyProxy {
  mood: Mood = 'pass';
  /** `GET /apis/…` without its query, and whether it is a watch. */
  readonly requests: {
    readonly at: number;
    readonly method: string;
    readonly path: string;
    readonly watch: boolean;
  }[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #target: URL;
  readonly #authority: Buffer;

  constructor({ url, certificates }: ControlPlane) {
    this.#target = new URL(url);
    this.#authority = readFileSync(certificates.authority);
    const { certificate, key } = certificates.server;
    this.#server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (from, to) =>
      this.#serve(from, to),
    );
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts every connection, as a network does. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(from: IncomingMessage, to: ServerResponse): void {
    const url = new URL(from.url ?? '/', this.#target);
    const watch = url.searchParams.get('watch') === 'true';
    this.requests.push({ at: performance.now(), method: from.method ?? '', path: url.pathname, watch });
    if (this.mood === 'hang') from.resume();
    else if (this.mood === 'pass') this.#pass(from, to);
    else refuse(this.mood, to);
  }

  #pass(from: IncomingMessage, to: ServerResponse): void {
    const { hostname, port } = this.#target;
    const { method, url: path, headers } = from;
    const onward = requestTls(
      { hostname, port, method, path, headers, ca: this.#authority, agent: false },
      answer => {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        // A watch may have nothing to tell for a minute, but it is there
        to.flushHeaders();
        answer.pipe(to);
        answer.on('error', () => to.destroy());
      },
    );
    onward.on('error', () => to.destroy());
    to.on('close', () => onward.destroy());
    from.pipe(onward);
  }
}

function refuse(code: 429 | 500, to: ServerResponse): void {
  const headers = code === 429 ? { 'retry-after': '1' } : {};
  to.writeHead(code, { 'content-type': 'application/json', ...headers });
  to.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason: 'Test' }));
}
