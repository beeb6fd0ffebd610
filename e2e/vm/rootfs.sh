#!/usr/bin/env bash
# rootfs.sh [--image TAR] OUT.cpio COMMAND MODULE: an initramfs of this machine's Node.js, libbpf, bpftool and util-linux, of
# busybox for the rest, and of this clone as it is built; COMMAND is what process 1 runs there, by a shell, with the kernel's
# MODULE loaded. With --image it is of arm64: what `npm run image -- --arch arm64 --out TAR` made has Node.js and its libraries,
# Debian's packages have the tools, and the programs of native/ are left out; it has the library too.
# What does not depend on the clone is kept below $XDG_CACHE_HOME/innermap-operator/vm, by what is in it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
clone=$(cd "$here/../.." && pwd)
export PATH="$PATH:/usr/sbin:/sbin"
fail() { printf 'vm: %s\n' "$*" >&2; exit 1; }

arch=$(dpkg --print-architecture) image=''
[ "${1:-}" != --image ] || { arch=arm64 image=$(realpath "$2"); shift 2; }
out=$(realpath -m "${1:?usage: rootfs.sh [--image TAR] OUT.cpio COMMAND MODULE}") command=$2 module=$3

PROGRAMS=(node bpftool setpriv unshare mount umount prlimit ip taskset flock ldconfig strace)
LIBRARIES=(libbpf.so.1 libelf.so.1 libz.so.1)
# What those of util-linux and bpftool load
PACKAGES=(util-linux mount iproute2 bpftool libmount1 libblkid1 libselinux1 libpcre2-8-0 libsmartcols1 libcap-ng0 libcap2
  libtinfo6 libuuid1 libmnl0 libxtables12 libbsd0 libmd0 libdb5.3 libc-bin libcap2-bin)

cache=${XDG_CACHE_HOME:-$HOME/.cache}/innermap-operator/vm
mkdir -p "$cache"
scratch=$(mktemp -d "$cache/rootfs.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
packages() { bash "$clone/bin/image/packages.sh" --arch "$1" "${@:2}"; }

# Debian's packages have it in /bin or /usr/bin.
busybox_of() {
  local kept="$cache/busybox-$1"
  if [ ! -e "$kept" ]; then
    packages "$1" "$scratch/busybox-$1" busybox-static
    mv "$(find "$scratch/busybox-$1" -path '*/bin/busybox' -type f)" "$kept"
  fi
  printf '%s\n' "$kept"
}
busybox=$(busybox_of "$(dpkg --print-architecture)")
archive() { (cd "$1" && find . | "$busybox" cpio -o -H newc 2>/dev/null); }

# A program of this machine with the libraries that it loads; a script has none.
copy() {
  local file library
  file=$(readlink -f "$1")
  rm -f "$root$1" "$root/bin/$(basename "$1")"
  install -D "$file" "$root$1"
  { ldd "$file" 2>/dev/null || true; } | { grep -o '/[^ ]*' || true; } | while read -r library; do
    [ -e "$root$library" ] || install -D "$(readlink -f "$library")" "$root$library"
  done
}

# Programs that are not on this machine are missing in there, too: the specs say so.
of_this_machine() {
  local program path
  for program in "${PROGRAMS[@]}"; do
    path=$(command -v "$program") || continue
    printf '%s\n' "$path"
  done
  for program in "${LIBRARIES[@]}"; do ldconfig -p | sed -n "s/.*$program .*=> //p" | head -n1; done
}

make_folders() {
  local folder
  mkdir -p "$root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,proc,sys,dev,tmp,run,root,etc,src}
  for folder in bin sbin lib lib64; do [ -e "$root/$folder" ] || ln -s "usr/$folder" "$root/$folder"; done
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
}

# What a machine has before this clone comes onto it; the names that take busybox's place come after it.
make_base() {
  local path
  root="$scratch/base"
  mkdir "$root"
  [ -z "$image" ] || unpack_image
  make_folders
  install "$(busybox_of "$arch")" "$root/bin/busybox"
  "$busybox" --list | grep -vx busybox | while read -r path; do ln -sf busybox "$root/bin/$path"; done
  if [ -n "$image" ]; then
    packages arm64 "$scratch/tools" "${PACKAGES[@]}"
    tar --create --directory "$scratch/tools" --exclude './usr/share' --exclude './etc' . |
      tar --extract --directory "$root" --keep-directory-symlink
    ln -sf ../local/bin/node "$root/usr/bin/node"
  else
    while read -r path; do copy "$path"; done < <(of_this_machine)
    strip "$root$(command -v node)" 2>/dev/null || true
    cp /etc/ld.so.cache "$root/etc/"
  fi
  pretend_tools
}

unpack_image() {
  mkdir "$scratch/oci"
  tar --extract --directory "$scratch/oci" --file "$image"
  tar --extract --directory "$root" --file "$(find "$scratch/oci/blobs" -type f -size +10M)"
}

# Specs of native/ build what they run: it is built already.
pretend_tools() {
  local tool
  for tool in make clang llvm-strip cc; do
    rm -f "$root/usr/bin/$tool"
    printf '#!/bin/sh\n' >"$root/usr/bin/$tool"
    chmod 755 "$root/usr/bin/$tool"
  done
  mkdir -p "$root/usr/include/bpf" "$root/usr/include/linux"
  touch "$root"/usr/include/bpf/{libbpf,bpf_helpers,bpf}.h "$root/usr/include/linux/bpf.h"
}

# This clone, and how a machine with it starts.
make_clone() {
  root="$scratch/clone"
  mkdir -p "$root/src"
  tar --create --directory "$clone" --exclude './dist/image*' --exclude '*.d.ts' --exclude 'node_modules/@biomejs' \
    --exclude 'node_modules/@typescript' --exclude 'node_modules/typescript' --exclude 'node_modules/@esbuild' \
    --exclude 'node_modules/esbuild' --exclude 'node_modules/@types' \
    package.json .mocharc.json bin dist node_modules native examples crds charts bench e2e/vm |
    tar --extract --directory "$root/src"
  if [ -n "$image" ]; then
    rm -rf "$root/src/native/build" "$root/src/node_modules/@koromix"
    tar --create --directory "$scratch/base/usr/lib/innermap/node_modules" @koromix |
      tar --extract --directory "$root/src/node_modules"
    mkdir "$root/src/native/build"
    cp "$scratch/base/usr/lib/innermap/native/build/libinnermap.so" "$root/src/native/build"
  fi
  install -m 755 "$here/guest/init" "$root/init"
  mkdir "$root/job"
  cp "$module" "$root/job/module.ko"
  printf '%s\n' "$command" >"$root/job/command"
}

# By what it is made of: of the image its content, of this machine's files their names, sizes and times.
base_digest() {
  {
    sha256sum <"${BASH_SOURCE[0]}"
    if [ -n "$image" ]; then sha256sum <"$image"; else of_this_machine | xargs stat --dereference --format '%n %s %Y'; fi
  } | sha256sum | cut -c1-16
}

base="$cache/base-$arch-$(base_digest).cpio"
if [ ! -e "$base" ] || [ -n "$image" ]; then
  make_base
  archive "$root" >"$scratch/base.cpio"
  mv "$scratch/base.cpio" "$base"
fi
make_clone
# Archives one after the other are one initramfs; each is padded to a multiple of 512.
{ cat "$base"; archive "$root"; } >"$out"
