/**
 * The command line by which bpftool loads the programs of an object file, and pins them and their maps in directories of a bpffs.
 * libbpf writes `_` for each dot of the path of a pin (sanitize_pin_path), so it is given paths below the bpffs alone.
 */
export function loadingWords(
  bpffs: string,
  object: string,
  pins: { readonly programs: string; readonly maps: string },
): readonly [string, ...string[]] {
  const loading = ['bpftool', 'prog', 'loadall', object, pins.programs, 'pinmaps', pins.maps];
  return ['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', bpffs, ...loading];
}
