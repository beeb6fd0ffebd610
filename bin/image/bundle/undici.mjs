// What the bundle has of undici: the pool of connections. Its index loads fetch, WebSocket, mocks and caches too, and with
// them Node's own copy of them: 14 MB of the agent's memory.
import calls from 'undici/lib/api/index.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';

Object.assign(Dispatcher.prototype, calls);

export { default as Agent } from 'undici/lib/dispatcher/agent.js';
export { default as ProxyAgent } from 'undici/lib/dispatcher/proxy-agent.js';

/** Of the client library's own calls, which are not ours. */
export function fetch() {
  return Promise.reject(new Error('Cannot fetch: calls go through the pool of connections'));
}
