#!/usr/bin/env bash
# images.sh docker|scripts FOLDER: the images that scenarios run, as archives in FOLDER, and prints their paths: the
# operator's, and the tools' (witnesses and the programs of native/), which is the local nodes' pause image, too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

OPERATOR=innermap-operator:e2e
TOOLS=innermap-tools:e2e
PAUSE=innermap.test/pause:1
# Of the tools' image, as its Dockerfile has it; a test compares them.
TOOLS_PATH=/tools:/usr/sbin:/usr/bin:/sbin:/bin
IDLE=(busybox tail -f /dev/null)

by=$1
folder=$2

with_docker() {
  docker build --quiet --tag "$OPERATOR" . >/dev/null
  docker build --quiet --tag "$TOOLS" --file e2e/tools/Dockerfile . >/dev/null
  docker save --output "$folder/operator.tar" "$OPERATOR"
  docker save --output "$folder/tools.tar" "$TOOLS"
  echo "$folder/operator.tar"
  echo "$folder/tools.tar"
}

with_scripts() {
  local word name idle=()
  bash bin/image/image.sh --name "$OPERATOR" --out "$folder/operator.tar" >&2
  make -C native >/dev/null
  bash bin/image/packages.sh "$folder/tools" bpftool busybox-static libbpf1 libelf1 zlib1g libcap2 libc6 >&2
  mkdir -p "$folder/tools/tools" "$folder/tools/tmp"
  find native/build -maxdepth 1 -type f -exec cp {} "$folder/tools/tools/" \;
  for word in "${IDLE[@]}"; do idle+=("--entrypoint=$word"); done
  for name in "$TOOLS" "$PAUSE"; do
    node bin/image/pack.mjs --root "$folder/tools" --name "$name" --out "$folder/$(basename "${name%:*}").tar" \
      --user 0:0 --env PATH="$TOOLS_PATH" "${idle[@]}"
    echo "$folder/$(basename "${name%:*}").tar"
  done
  echo "$folder/operator.tar"
}

case $by in
docker | scripts) "with_$by" ;;
*) echo "images: unknown builder $by: docker or scripts" >&2; exit 2 ;;
esac
