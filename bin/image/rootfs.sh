#!/usr/bin/env bash
# rootfs.sh [--arch amd64|arm64] [--node FILE] [--bundle FOLDER] TARGET: the image's root file system in the new folder TARGET.
# No shell, no package manager: Node.js, the libraries that it and the kernel's side load, the bundle, and who is who.
# --node is another Node.js than node.mjs names, its licence two folders up; --bundle is what bundle.mjs made.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export PATH="$PATH:/usr/sbin:/sbin"

fail() { printf 'rootfs: %s\n' "$*" >&2; exit 1; }

arch='' node='' bundle="$here/../../dist/image"
while [[ "${1:-}" == --* ]]; do
  case $1 in
  --arch) arch=$2 ;;
  --node) node=$2 ;;
  --bundle) bundle=$2 ;;
  *) fail "unknown option $1: --arch, --node or --bundle" ;;
  esac
  shift 2
done
[ $# -eq 1 ] || fail 'usage: rootfs.sh [--arch amd64|arm64] [--node FILE] [--bundle FOLDER] TARGET'
root=$1
[ -n "$arch" ] || arch=$(dpkg --print-architecture 2>/dev/null) || fail 'Cannot tell the architecture: add --arch'
[ -e "$bundle/bin/innermap.js" ] || fail "Cannot find the bundle in $bundle: npm run bundle makes it"
[ ! -e "$root" ] || fail "Cannot make $root: it is there already"

# What Node.js, koffi and libbpf load; base-files for os-release and the licences that the others refer to.
LIBRARIES=(libc6 libgcc-s1 libstdc++6 libbpf1 libelf1 zlib1g)
# Where the official images have it too.
NODE=/usr/local/bin/node

umask 022
unpack() { bash "$here/packages.sh" --arch "$arch" "$root" "$@"; }

# Their copyright is in a package that they share.
unpack_libraries() {
  unpack base-files "${LIBRARIES[@]}"
  local shared
  shared=$(readlink "$root/usr/share/doc/libgcc-s1") || return 0
  unpack "$shared"
}

# Only what runs, what says what it is, and the licences.
prune() {
  find "$root/usr/share" -mindepth 1 -maxdepth 1 ! -name doc ! -name common-licenses -exec rm -rf {} +
  find "$root/usr/share/doc" -mindepth 2 ! -name copyright -delete
  find "$root/etc" -mindepth 1 -maxdepth 1 ! -name os-release ! -name debian_version -exec rm -rf {} +
  find "$root/var" -mindepth 1 -maxdepth 1 ! -name lib -exec rm -rf {} +
  find "$root/var/lib" -mindepth 1 -maxdepth 1 ! -name dpkg -exec rm -rf {} +
  find "$root/usr/lib" -type d -name gconv -prune -exec rm -rf {} +
  rm -rf "$root/boot" "$root/media" "$root/mnt" "$root/opt" "$root/srv" "$root/usr/games" "$root/usr/src" "$root/usr/include"
}

install_node() {
  local from=$node licence
  if [ -z "$from" ]; then
    from=$(node "$here/node.mjs" "$arch")/bin/node
  fi
  licence=$(dirname "$(dirname "$from")")/LICENSE
  [ -e "$licence" ] || fail "Cannot find the licence of $from: $licence is not there"
  install -D -m 755 "$from" "$root$NODE"
  install -D -m 644 "$licence" "$root/usr/share/doc/node/copyright"
}

install_bundle() {
  local lib="$root/usr/lib/innermap"
  mkdir -p "$lib" "$root/usr/share/doc/innermap-operator"
  cp -R "$bundle/." "$lib"
  mv "$lib/LICENSE" "$root/usr/share/doc/innermap-operator/copyright"
  mv "$lib/licenses.txt" "$root/usr/share/doc/innermap-operator/packages"
  find "$lib" -type d -exec chmod 755 {} + -o -exec chmod 644 {} +
  # There is no env, and nothing else to find it by.
  sed -i "1s|^#!.*|#!$NODE|" "$lib/bin/innermap.js"
  chmod 755 "$lib/bin/innermap.js"
  ln -s ../../lib/innermap/bin/innermap.js "$root/usr/local/bin/innermap"
}

write_accounts() {
  printf '%s\n' 'root:x:0:0:root:/root:/sbin/nologin' 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$root/etc/passwd"
  printf '%s\n' 'root:x:0:' 'nonroot:x:65532:' >"$root/etc/group"
  # Without it glibc asks DNS before /etc/hosts.
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
  install -d -m 755 "$root/home/nonroot" "$root/proc" "$root/sys" "$root/dev" "$root/run"
  install -d -m 700 "$root/root"
  install -d -m 1777 "$root/tmp"
}

unpack_libraries
prune
install_node
install_bundle
write_accounts
