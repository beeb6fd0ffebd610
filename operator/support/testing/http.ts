import { request } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface HttpAnswer {
  readonly code: number | undefined;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Asks `GET /metrics` on a connection of its own. */
export function ask(
  address: string,
  asked: string,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  const [method, path] = asked.split(' ');
  return new Promise((resolve, reject) => {
    const outgoing = request(`http://${address}`, { method, path, headers, agent: false }, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', part => {
        text += part;
      });
      answer.on('end', () => resolve({ code: answer.statusCode, text, headers: answer.headers }));
    });
    outgoing.on('error', reject).end();
  });
}

export async function connected(address: string): Promise<Socket> {
  const { hostname, port } = new URL(`http://${address}`);
  const socket = connect(Number(port), hostname);
  await new Promise(resolve => socket.once('connect', resolve));
  return socket;
}

/** What is answered to this text until the connection ends. */
export async function spoken(address: string, text: string): Promise<string> {
  const socket = await connected(address);
  let answer = '';
  socket.setEncoding('utf8').on('data', part => {
    answer += part;
  });
  socket.write(text);
  await new Promise(resolve => socket.once('close', resolve));
  return answer;
}
