#!/usr/bin/env bash
# npm test: sets up, builds, lints, runs every spec, checks the core's coverage and that nothing was left behind.
# It ends with the ten slowest suites and `N passed, N failed, N skipped`; a step that is no spec (lint, coverage, …)
# counts as one.
# Arguments go to mocha (npm test -- --grep swap); coverage is not judged then.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bin/suite.sh

CORE_BRANCHES=95     # percent

# Files that only declare types are never loaded, and builders of tests are not the core.
core_coverage() {
  local excluded=(--exclude '**/*.test.js' --exclude '**/testing/**') file
  while read -r file; do excluded+=(--exclude "$file"); done < <(
    grep --recursive --include '*.js' --invert-match --files-without-match --extended-regexp \
      '^(export \{\};|//# sourceMappingURL=.*)$' dist/operator/core
  )
  npx c8 report --temp-directory "$scratch/coverage" --reporter text --all --src dist/operator/core \
    --include 'dist/operator/core/**/*.js' "${excluded[@]}" \
    --check-coverage --branches "$CORE_BRANCHES" --lines 0
}

begin
step 'programs of the bench (make)' make -C bench
run_specs npx c8 --temp-directory "$scratch/coverage" --reporter none mocha "$@"
[ $# -gt 0 ] || run_vm 6.1
[ $# -gt 0 ] || step "coverage of operator/core: branches ≥ $CORE_BRANCHES %" core_coverage
end
