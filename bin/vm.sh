#!/usr/bin/env bash
# npm run vm: specs of this clone on Debian's own kernels, in software emulation: what they answer and how often, not how fast.
#   npm run vm -- 6.1                   what concerns the kernel, an hour and a half
#   npm run vm -- 6.1 contract waves    some of it
#   npm run vm -- 6.12 --arch arm64     arm64 on another machine: takes hours
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash bin/setup.sh test
make -s -C native all
npm run --silent build
case " $* " in
*' --arch arm64 '*)
  [ "$(dpkg --print-architecture)" = arm64 ] || {
    bash bin/setup.sh arm64
    export VM_IMAGE=dist/image-arm64.tar
    npm run --silent image -- --arch arm64 --out "$VM_IMAGE"
  }
  ;;
esac
exec node --enable-source-maps dist/e2e/vm/run.js "$@"
