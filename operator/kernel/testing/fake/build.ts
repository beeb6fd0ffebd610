import type { Errno } from '../../error.ts';
import { KernelError } from '../../error.ts';
import type { BuildRequest, OpenMap } from '../../kernel.ts';
import { failure, pinMap } from './bpffs/pins.ts';
import { creationErrno, isOuter, nameErrno } from './creation.ts';
import type { FakeOperation } from './faults.ts';
import type { FakeKernel } from './kernel.ts';
import type { FakeOpenMap } from './process.ts';
import { runsOf } from './table.ts';

/** One after the other. Where whoever makes the requests breaks, what was made before is taken back. */
export function buildAll(
  kernel: FakeKernel,
  requests: Iterable<BuildRequest | undefined>,
): readonly (OpenMap | KernelError)[] {
  const made: { readonly request: BuildRequest; readonly map: OpenMap | KernelError }[] = [];
  for (const request of takenBack(requests, () => discard(kernel, made)))
    if (request !== undefined) made.push({ request, map: build(kernel, request) });
  return made.map(({ map }) => map);
}

function* takenBack<T>(items: Iterable<T>, takeBack: () => void): Generator<T> {
  const iterator = items[Symbol.iterator]();
  for (;;) {
    let next: IteratorResult<T>;
    try {
      next = iterator.next();
    } catch (error) {
      takeBack();
      throw error;
    }
    if (next.done === true) return;
    yield next.value;
  }
}

function discard(
  kernel: FakeKernel,
  made: readonly { readonly request: BuildRequest; readonly map: OpenMap | KernelError }[],
): void {
  for (const { request, map } of made) {
    if (map instanceof KernelError) continue;
    for (const pin of request.pins) kernel.pins.unlink(pin);
    map.close();
  }
}

/** Creates, fills, freezes and pins one inner map: mutations, each of which may be the last. */
function build(kernel: FakeKernel, request: BuildRequest): OpenMap | KernelError {
  const { spec, name } = request;
  const types = request.types === undefined ? undefined : kernel.process.typesOf(request.types);
  const refused = isOuter(spec) ? 'EINVAL' : (creationErrno(spec) ?? nameErrno(name));
  const opened = kernel.create(
    { operation: 'build', subject: request.label, refused },
    { spec, name, types },
  );
  if (opened instanceof KernelError) return opened;
  for (const { operation, run } of stepsOf(kernel, request, opened)) {
    const errno = run();
    if (errno === undefined) continue;
    opened.close();
    return failure(operation, request.label, errno);
  }
  return pinned(kernel, request, opened);
}

/** A pin that cannot be made takes back those before it. */
function pinned(kernel: FakeKernel, { pins }: BuildRequest, opened: FakeOpenMap): OpenMap | KernelError {
  for (const [at, pin] of pins.entries()) {
    const errno = pinMap(kernel, opened, pin);
    if (errno === undefined) continue;
    for (const made of pins.slice(0, at)) kernel.pins.unlink(made);
    opened.close();
    return failure('pin', pin, errno);
  }
  return opened;
}

interface Step {
  readonly operation: FakeOperation;
  readonly run: () => Errno | undefined;
}

function stepsOf(kernel: FakeKernel, request: BuildRequest, opened: FakeOpenMap): readonly Step[] {
  const { machine, process } = kernel;
  const step = (operation: FakeOperation, apply: () => Errno | undefined): Step => ({
    operation,
    run: () => machine.mutate(process, { operation, subject: request.label }, apply),
  });
  const steps: Step[] = [];
  if (request.entries.count > 0) steps.push(step('fill', () => fill(opened, request)));
  if (request.freeze) steps.push(step('freeze', () => freeze(opened)));
  return steps;
}

/** A batch stops at its first bad entry. */
function fill(opened: FakeOpenMap, { entries }: BuildRequest): Errno | undefined {
  if (!opened.writable) return 'EPERM';
  const { spec, stride, table } = opened.map;
  const keys = runsOf(entries.keys, spec.keySize, entries.count);
  const values = runsOf(entries.values, stride, entries.count);
  for (const [index, key] of keys.entries()) {
    const errno = table.upsert(key, values[index]!);
    if (errno !== undefined) return errno;
  }
  return undefined;
}

function freeze(opened: FakeOpenMap): Errno | undefined {
  if (!opened.writable) return 'EPERM';
  opened.map.frozen = true;
  return undefined;
}
