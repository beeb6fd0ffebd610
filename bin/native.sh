#!/usr/bin/env bash
# Builds native/build/libinnermap.so, which the agent calls the kernel by, where there is a C compiler; `npm run build` ends so.
# Elsewhere one sentence: `innermap validate` works without it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What make alone may miss: a compiler, its C library's headers, and the kernel's.
missing=()
command -v make >/dev/null || missing+=(make)
command -v "${CC:-cc}" >/dev/null || missing+=(gcc)
[ -e /usr/include/linux/bpf.h ] && [ -e /usr/include/stdint.h ] || missing+=(libc6-dev)
if [ ${#missing[@]} -gt 0 ]; then
  echo "native: libinnermap.so is not built, which all but innermap validate need: install ${missing[*]} (Debian's names) and run npm run build" >&2
  exit 0
fi
make --silent -C native lib
