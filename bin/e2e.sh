#!/usr/bin/env bash
# npm run e2e: the scenarios of e2e/scenarios on real nodes: kind's where Docker and kind are there, else nodes that are
# namespaces of this machine (Debian, as root).
#   npm run e2e -- --provider kind     or local
#   npm run e2e -- --grep converge     what follows goes to mocha
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export E2E_PROVIDER=
if [ "${1:-}" = --provider ]; then
  E2E_PROVIDER=${2:?'e2e: --provider needs a name: kind or local'}
  shift 2
fi
if [ -z "$E2E_PROVIDER" ]; then
  E2E_PROVIDER=local
  ! { command -v kind && docker info; } >/dev/null 2>&1 || E2E_PROVIDER=kind
fi
case $E2E_PROVIDER in
kind) bash bin/setup.sh modules ;;
local) bash bin/setup.sh test ;;
*)
  echo "e2e: there is no provider $E2E_PROVIDER: kind or local" >&2
  exit 2
  ;;
esac
echo "e2e: on $E2E_PROVIDER" >&2
# What cannot run here is an error, not a skip: somebody asked for it.
CI=true exec npx mocha --config e2e/mocharc.json "$@"
