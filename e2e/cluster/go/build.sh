#!/usr/bin/env bash
# Builds the parts of a cluster into a cache outside the tree, once for each version of these files and of Go, and prints the
# folder that has it under the names of its parts. Cold it takes 5 minutes of two cores, warm nothing; two at a time wait
# for each other.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PATH="$PATH:/usr/local/go/bin" CGO_ENABLED=0

CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/innermap-operator"
PARTS=(etcd kube-apiserver kube-controller-manager kube-proxy kube-scheduler kubelet relay)
UNUSED_DAYS=30

# Without it the server calls itself v0.0.0, and whatever asks for its version is misled.
stamp() {
  local version package=k8s.io/component-base/version
  version=$(sed -n 's/^\tk8s\.io\/kubernetes \(v.*\)$/\1/p' go.mod)
  IFS=. read -r major minor _ <<<"${version#v}"
  echo "-X $package.gitVersion=$version -X $package.gitMajor=$major -X $package.gitMinor=$minor"
}

build() {
  local scratch part
  # Whoever holds the lock is the only one who builds: what lies there is of a build that was killed.
  rm -rf "$CACHE"/part.*
  scratch=$(mktemp -d "$CACHE/part.XXXXXX")
  echo 'building the parts of a Kubernetes cluster for the tests: once, up to 10 minutes' >&2
  nice -n 19 go build -p 2 -trimpath -buildvcs=false -ldflags "-s -w $(stamp)" -o "$scratch/cluster" . 9>&-
  for part in "${PARTS[@]}"; do ln -s cluster "$scratch/$part"; done
  mv -T "$scratch" "$1"
  find "$CACHE" -maxdepth 1 -regextype posix-extended -regex '.*/[0-9a-f]{64}' -mtime "+$UNUSED_DAYS" -exec rm -rf {} +
}

key=$({ go version; sha256sum go.mod go.sum ./*.go build.sh; } | sha256sum)
folder="$CACHE/${key%% *}"
if [ ! -d "$folder" ]; then
  mkdir -p "$CACHE"
  exec 9>"$CACHE/lock"
  flock 9
  [ -d "$folder" ] || build "$folder"
fi
touch "$folder"
echo "$folder"
