/** An address to listen on; no host: every address of the machine, by IPv6 and IPv4. */
export interface ListenAddress {
  readonly host?: string;
  readonly port: number;
}

/** Reads `:9940`, `127.0.0.1:0`, `[::1]:9940`; undefined for anything else. Port 0: any that is free. */
export function listenAddress(text: string): ListenAddress | undefined {
  const [, six, plain = '', digits] = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  const host = six ?? plain;
  return host === '' ? { port } : { host, port };
}
