#!/usr/bin/env bash
# chart.sh IMAGE DIGEST FOLDER: packages the chart into FOLDER with this image, by digest, as what it installs by default.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

fail() { printf 'chart: %s\n' "$*" >&2; exit 1; }

[ $# -eq 3 ] || fail 'usage: chart.sh IMAGE DIGEST FOLDER'
image=$1 digest=$2 folder=$3
[[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || fail "Cannot package: $digest is no digest of an image"

mkdir -p "$folder"
cp -R charts/innermap-operator "$folder/innermap-operator"
values="$folder/innermap-operator/values.yaml"
sed -i -e "0,/^  repository: .*/s||  repository: $image|" -e "0,/^  tag: .*/s||  tag: $digest|" "$values"
grep -qxF "  repository: $image" "$values" && grep -qxF "  tag: $digest" "$values" ||
  fail "Cannot package: values.yaml has no place for the image"
helm package "$folder/innermap-operator" --destination "$folder"
