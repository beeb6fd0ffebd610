#!/usr/bin/env bash
# npm run cluster: a Kubernetes cluster of this machine's namespaces, until Ctrl-C; it prints its KUBECONFIG and leaves nothing.
#   npm run cluster -- --operator     with the operator installed
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash bin/setup.sh test
npm run --silent build
exec node --enable-source-maps dist/e2e/provider/local/keep.js "$@"
