#!/usr/bin/env bash
# npm run image: the image that the Dockerfile makes, as an archive, from npm's and Debian's packages and without Docker.
# image.sh [--arch amd64|arm64] [--name NAME:TAG] [--out FILE]; by default for this machine, as innermap-operator:VERSION, in
# dist/image.tar. Needs no root: owners are root's in the archive.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

fail() { printf 'image: %s\n' "$*" >&2; exit 2; }

arch=$(dpkg --print-architecture) || fail 'Cannot find Debian’s packages here: build the Dockerfile instead'
name="innermap-operator:$(node -p 'require("./package.json").version')"
out=dist/image.tar
while [ $# -gt 0 ]; do
  case $1 in
  --arch) arch=$2 ;;
  --name) name=$2 ;;
  --out) out=$2 ;;
  *) fail "unknown option $1: --arch, --name or --out" ;;
  esac
  shift 2
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

node bin/image/bundle.mjs --arch "$arch" --out "$scratch/bundle"
bash bin/image/rootfs.sh --arch "$arch" --bundle "$scratch/bundle" "$scratch/root"
# As the Dockerfile has it; a test compares them.
node bin/image/pack.mjs --root "$scratch/root" --arch "$arch" --name "$name" --out "$out" \
  --user 65532:65532 --entrypoint /usr/local/bin/innermap \
  --env PATH=/usr/local/bin:/usr/bin --env NODE_OPTIONS=--max-semi-space-size=1 \
  --env MALLOC_ARENA_MAX=1 --env MALLOC_TRIM_THRESHOLD_=131072 --env MALLOC_MMAP_THRESHOLD_=32768 \
  --label org.opencontainers.image.title=innermap-operator \
  --label "org.opencontainers.image.description=$(node -p 'require("./package.json").description')" \
  --label org.opencontainers.image.licenses=Apache-2.0
echo "$out holds $name for $arch: $(du -m "$out" | cut -f1) MB"
