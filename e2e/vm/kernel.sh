#!/usr/bin/env bash
# kernel.sh VERSION ARCH: prints the path of a kernel of Debian's, fetched once: 5.10, 6.1 or 6.12, for amd64 or arm64.
# Each is what linux-image-cloud (linux-image on arm64) stands for in one release of Debian, which is looked for at the mirror
# that this machine's apt has. Beside it is its module of overlay file systems, as NAME.overlay.ko. Both stay below
# $XDG_CACHE_HOME/innermap-operator/vm until somebody deletes them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
fail() { printf 'vm: %s\n' "$*" >&2; exit 1; }

version=$1 arch=$2
case $version in
5.10) suite=bullseye ;;
6.1) suite=bookworm ;;
6.12) suite=trixie ;;
*) fail "There is no kernel $version: 5.10, 6.1 or 6.12" ;;
esac
case $arch in
amd64) meta=linux-image-cloud-amd64 ;;
arm64) meta=linux-image-arm64 ;;
*) fail "There is no kernel for $arch: amd64 or arm64" ;;
esac

cache=${XDG_CACHE_HOME:-$HOME/.cache}/innermap-operator/vm
mkdir -p "$cache"
kernel="$cache/linux-$version-$arch"
# Whoever comes second waits and finds it.
exec 9>"$cache/lock"
flock 9
if [ ! -e "$kernel.overlay.ko" ]; then
  scratch=$(mktemp -d "$cache/kernel.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  bash "$here/../../bin/image/packages.sh" --arch "$arch" --suite "$suite" "$scratch/meta" "$meta"
  package=$(sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p' "$scratch/meta/var/lib/dpkg/status.d/$meta")
  bash "$here/../../bin/image/packages.sh" --arch "$arch" --suite "$suite" "$scratch/image" "$package"
  mv "$scratch"/image/boot/vmlinuz-* "$kernel"
  module=$(find "$scratch/image" -path '*/fs/overlayfs/overlay.ko*')
  case $module in *.xz) xz -d "$module" ;; esac
  mv "${module%.xz}" "$kernel.overlay.ko"
fi
printf '%s\n' "$kernel"
