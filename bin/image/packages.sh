#!/usr/bin/env bash
# packages.sh [--arch amd64|arm64] [--suite NAME] TARGET PACKAGE…: unpacks Debian packages into the folder TARGET, without their scripts
# and without what they depend on. Versions are those that this system's sources have, or with --suite those of that release of
# Debian at this system's mirror; signatures are apt's to check.
# TARGET/var/lib/dpkg/status.d says what is in it, where scanners look for it. Needs no root. Archives stay in a cache.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"

fail() { printf 'packages: %s\n' "$*" >&2; exit 1; }

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
  fail 'Cannot unpack Debian packages: apt-get or dpkg-deb is missing; use the Dockerfile, or a Debian'
arch=$(dpkg --print-architecture)
[ "${1:-}" != --arch ] || { arch=$2; shift 2; }
suite=''
[ "${1:-}" != --suite ] || { suite=$2; shift 2; }
[ $# -ge 2 ] || fail 'usage: packages.sh [--arch amd64|arm64] [--suite NAME] TARGET PACKAGE…'
target=$1
shift

cache=${XDG_CACHE_HOME:-$HOME/.cache}/innermap-operator/debian
mkdir -p "$cache" "$target"
target=$(cd "$target" && pwd)
scratch=$(mktemp -d "$cache/fetch.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# Package lists of our own: for another architecture or release, or where the system has none and only root could fetch them.
private="$cache/lists-$arch${suite:+-$suite}"
private_apt() {
  mkdir -p "$private/lists/partial" "$private/archives/partial"
  : >>"$private/status"
  local sources=()
  [ -z "$suite" ] || { write_sources && sources=(-o Dir::Etc::SourceList="$private/sources" -o Dir::Etc::SourceParts=/dev/null); }
  apt-get -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User= \
    -o Dir::State="$private" -o Dir::State::Lists="$private/lists" -o Dir::State::status="$private/status" \
    -o Dir::Cache="$private" "${sources[@]}" "$@"
}

# Where this system has its own release from, there the others are.
write_sources() {
  local mirror signed=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' | sed -n 's/^Debian Debian //p' | head -n1)
  [ -n "$mirror" ] || fail "Cannot look for Debian $suite: this system's apt has no mirror of Debian"
  signed=$([ ! -e "$signed" ] || printf '[signed-by=%s]' "$signed")
  printf 'deb %s %s %s main\n' "$signed" "$mirror" "$suite" >"$private/sources"
}

system_apt() { apt-get -o APT::Sandbox::User= "$@"; }

# Lines of 'URI' FILE SIZE SHA256:DIGEST, in $scratch/wanted.
look_up() {
  apt=system_apt
  if [ -z "$suite" ] && [ "$arch" = "$(dpkg --print-architecture)" ] &&
    system_apt download --print-uris "$@" >"$scratch/wanted" 2>/dev/null; then return; fi
  apt=private_apt
  [ -z "$(find "$private/lists" -name '*Packages*' -mmin +1440 2>/dev/null)" ] || rm -rf "$private/lists"
  if ! private_apt download --print-uris "$@" >"$scratch/wanted" 2>/dev/null; then
    private_apt update -qq >"$scratch/log" 2>&1 || true
    private_apt download --print-uris "$@" >"$scratch/wanted" 2>>"$scratch/log" ||
      { cat "$scratch/log" >&2; fail "Cannot find $* for $arch in this system's package sources: see above"; }
  fi
}

# What is not in the cache yet, under the names that apt gives.
fetch() {
  local missing=() uri file size digest
  while read -r uri file size digest; do
    [ -e "$cache/${digest#*:}.deb" ] || missing+=("$(package_of "$file")")
  done <"$scratch/wanted"
  [ ${#missing[@]} -eq 0 ] || (cd "$scratch" && "$apt" -qq download "${missing[@]}" >log 2>&1) ||
    { cat "$scratch/log" >&2; fail "Cannot fetch ${missing[*]}: see above"; }
  while read -r uri file size digest; do
    [ -e "$cache/${digest#*:}.deb" ] || keep "$scratch/$file" "$digest"
  done <"$scratch/wanted"
}

package_of() { printf '%s' "${1%%_*}"; }

keep() {
  [ "${2%%:*}" = SHA256 ] || fail "Cannot trust $1: apt names no SHA256 of it"
  printf '%s  %s\n' "${2#*:}" "$1" | sha256sum --check --quiet - || fail "Cannot use $1: it is not what apt promised"
  mv "$1" "$cache/${2#*:}.deb"
}

# One /usr, as Debian itself has it: a package's /lib is /usr/lib.
merge_usr() {
  local folder
  for folder in bin sbin lib lib64; do
    mkdir -p "$target/usr/$folder"
    [ -e "$target/$folder" ] || ln -s "usr/$folder" "$target/$folder"
  done
}

unpack() {
  dpkg-deb --fsys-tarfile "$1" |
    tar --extract --directory "$target" --preserve-permissions --keep-directory-symlink --no-same-owner
  dpkg-deb --field "$1" >"$target/var/lib/dpkg/status.d/$(dpkg-deb --field "$1" Package)"
}

look_up "$@"
fetch
merge_usr
mkdir -p "$target/var/lib/dpkg/status.d"
while read -r uri file size digest; do unpack "$cache/${digest#*:}.deb"; done <"$scratch/wanted"
