import { OBJECT_NAME } from '../../operator/kernel/libbpf/library/symbols.ts';
import { openLibrary } from '../../operator/kernel/libbpf/library.ts';

/** Answers the id of the inner map behind a key. */
export function openOuter(pin: string): (key: number) => number {
  const library = openLibrary();
  const fd = library.objectGet(pin, new Uint8Array(OBJECT_NAME));
  if (fd < 0) throw new Error(`Cannot open ${pin}: errno ${-fd}`);
  const key = new Uint32Array(1);
  const id = new Uint32Array(1);
  return wanted => {
    key[0] = wanted;
    const answer = library.mapLookup(fd, key, id);
    if (answer < 0) throw new Error(`Cannot look up key ${wanted}: errno ${-answer}`);
    return id[0]!;
  };
}
