#!/usr/bin/env bash
# npm run quick: the specs of operator/, which hold the kernel contract on the fake and on the real kernel, and one scenario
# on real nodes: what a change most likely breaks, within five minutes. It ends as npm test does.
# Arguments go to mocha.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bin/suite.sh

begin
run_specs npx mocha --config bin/quick.json "$@"
end 'Left out: all of e2e but the scenario objects/converge, the specs of native and bench, the programs of the bench, coverage: npm test runs them'
