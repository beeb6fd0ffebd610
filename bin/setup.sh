#!/usr/bin/env bash
# Brings this clone to where the agent runs (`runtime`, the default), where the tests run too (`test`), where they run in an
# emulated arm64 as well (`arm64`), or only as far as Node goes (`modules`).
# Says in one line each what it does; says nothing about what is there already. Safe to run again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# ldconfig and bpftool lie outside a plain user's PATH.
export PATH="$PATH:/usr/sbin:/sbin" DEBIAN_FRONTEND=noninteractive

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

# Runs quietly; the output's beginning is shown only when it explains a failure (npm adds its whole help to it).
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  [ "$status" -eq 0 ] || head -n 25 "$log" >&2
  rm -f "$log"
  return "$status"
}

check_node() {
  command -v node >/dev/null || fail 'Node.js is missing: install version 20.19 or newer (https://nodejs.org/en/download)'
  command -v npm >/dev/null || fail 'npm is missing: install it with Node.js (Debian: apt-get install npm)'
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js $(node --version) is too old: this needs 20.19 or newer"
}

# Whether what the Debian package brings is here, whoever brought it.
present() {
  case $1 in
  # Without -q: it would close the pipe early, and pipefail would call that a failure
  libbpf1) ldconfig -p | grep 'libbpf\.so\.1 ' >/dev/null ;;
  libc6-dev) [ -e /usr/include/stdint.h ] && [ -e /usr/include/linux/bpf.h ] ;;
  libbpf-dev) [ -e /usr/include/bpf/libbpf.h ] ;;
  linux-libc-dev) [ -e /usr/include/linux/bpf.h ] ;;
  llvm) command -v llvm-strip >/dev/null ;;
  containernetworking-plugins) [ -x /usr/lib/cni/bridge ] ;;
  iproute2) command -v ip >/dev/null ;;
  nftables) command -v nft >/dev/null ;;
  gcc-aarch64-linux-gnu) command -v aarch64-linux-gnu-gcc >/dev/null ;;
  libc6-dev-arm64-cross) [ -e /usr/aarch64-linux-gnu/include/stdint.h ] ;;
  qemu-system-arm) command -v qemu-system-aarch64 >/dev/null ;;
  qemu-system-x86) command -v qemu-system-x86_64 >/dev/null ;;
  procps) command -v pgrep >/dev/null ;;
  util-linux) command -v unshare >/dev/null && command -v nsenter >/dev/null ;;
  *) command -v "$1" >/dev/null ;;
  esac
}

install_packages() {
  local missing=() package
  for package in "$@"; do present "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    fail "missing: ${missing[*]} (Debian's names), and there is no apt-get here: install them with this system's package manager and run this again"
  [ "$(id -u)" -eq 0 ] || fail "missing: ${missing[*]}, and installing needs root: run this as root, or have root run: apt-get install ${missing[*]}"
  say "installing ${missing[*]}"
  local install=(apt-get install --yes --no-install-recommends -qq "${missing[@]}")
  # A fresh image has no package lists; a provisioned one need not fetch them.
  "${install[@]}" >/dev/null 2>&1 || { quietly apt-get update -qq && quietly "${install[@]}"; } ||
    fail "apt-get could not install ${missing[*]}: see above"
}

install_modules() {
  node bin/installed.mjs && return 0
  say 'installing npm packages as package-lock.json has them'
  # --ignore-scripts: the build is the next step, and nothing else needs one.
  quietly npm ci --ignore-scripts --no-audit --no-fund || fail 'npm ci failed: see above'
}

build() {
  [ -e dist/operator/main.js ] && [ -e native/build/libinnermap.so ] || say 'compiling TypeScript into dist/, and C into native/build/'
  quietly npm run build || fail 'the build failed: see above'
}

check_node
case ${1:-runtime} in
runtime) install_packages libbpf1 gcc make libc6-dev ;;
test)
  install_packages libbpf1 libbpf-dev linux-libc-dev libc6-dev clang llvm gcc make bpftool openssl
  # What the local cluster's nodes are made of. Whoever has Docker has containerd and runc already, under whatever name.
  install_packages containerd runc containernetworking-plugins nftables conntrack iproute2 procps util-linux
  # Other kernels than this machine's are run in emulation.
  install_packages "qemu-system-$([ "$(uname -m)" = aarch64 ] && echo arm || echo x86)"
  ;;
arm64) install_packages qemu-system-arm gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
modules) ;;
*) fail "unknown part $1: runtime, test, arm64 or modules" ;;
esac
install_modules
build
