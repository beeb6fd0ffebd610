# What npm test and npm run quick share; they source it from the root of this repository. Call begin, run_specs, end.
# The local cluster, wherever it can be: what runs is the same on every machine.
export PATH="$PATH:/usr/sbin:/sbin" E2E_PROVIDER="${E2E_PROVIDER:-local}"

SUITE_SECONDS=3600   # a suite that hangs is a failure, not a wait
VM_SECONDS=1200      # and an emulated machine; alone on two cores it takes half of that
KERNEL_SECONDS=300   # and what cannot be fetched

passed=0 failed=0 skipped=0 building= running=
scratch=$(mktemp -d)
chmod 711 "$scratch"   # specs reach folders of theirs as other users, too
summary="$scratch/summary.json"
mkdir "$scratch/tmp"

# What runs against an API server comes last, and waits for this where it must. A group of its own, so that it can be ended.
start_build() {
  command -v go >/dev/null || [ -x /usr/local/go/bin/go ] || return 0
  [ -z "${KUBEBUILDER_ASSETS:-}" ] || return 0
  setsid bash e2e/cluster/go/build.sh >/dev/null 2>"$scratch/build" &
  building=$!
}

finish() {
  # Asked for, as the number of one that has ended may be another's by now
  [ -z "$(jobs -pr)" ] || kill -- "-$building" 2>/dev/null
  rm -rf "$scratch"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}

# A step that is no spec: quiet when it is well.
step() {
  local name=$1
  shift
  if "$@" >"$scratch/step" 2>&1; then
    passed=$((passed + 1))
    echo "ok   $name"
  else
    failed=$((failed + 1))
    echo "FAIL $name"
    sed 's/^/     /' "$scratch/step"
    return 1
  fi
}

# Outputs whose source is gone would be run as specs for ever: tsc never deletes.
prune_outputs() {
  local output
  find dist -path dist/image -prune -o -name '*.js' -printf '%P\n' 2>/dev/null | while read -r output; do
    [ -e "${output%.js}.ts" ] || rm -f "dist/$output" "dist/$output.map"
  done
}

# Runs a command so that a signal to this shell is heard at once: bash hears none while it waits for a foreground command.
until_ended() {
  local status=0
  "$@" &
  running=$!
  wait "$running" || status=$?
  running=
  return "$status"
}

# run_specs COMMAND…, which is mocha with its options, or what measures mocha.
run_specs() {
  local status=0
  INNERMAP_SUITE=$$ INNERMAP_TEST_SUMMARY="$summary" TMPDIR="$scratch/tmp" \
    until_ended timeout --kill-after=10 "$SUITE_SECONDS" "$@" --reporter bin/reporter.cjs || status=$?
  if [ ! -s "$summary" ]; then
    failed=$((failed + 1))
    echo "FAIL mocha ended before its specs did (exit $status)"
    return
  fi
  count_specs "$summary"
  if [ "$status" -ne 0 ] && [ "$specs_failed" -eq 0 ]; then
    failed=$((failed + 1))
    echo "FAIL mocha exited with $status though no spec failed"
  fi
}

# Adds what a run of specs has written.
count_specs() {
  read -r specs_passed specs_failed specs_skipped < <(
    node -p 'const c = JSON.parse(fs.readFileSync(process.argv[1], "utf8")); `${c.passed} ${c.failed} ${c.skipped}`' "$1"
  )
  passed=$((passed + specs_passed)) failed=$((failed + specs_failed)) skipped=$((skipped + specs_skipped))
}

# run_vm VERSION: what concerns the kernel, on another kernel than this machine's.
run_vm() {
  local why
  if why=$(vm_is_missing "$1") && [ "${CI:-}" != true ]; then
    skipped=$((skipped + 1))
    echo "skip kernel $1: $why"
    return
  fi
  INNERMAP_SUITE=$$ INNERMAP_TEST_SUMMARY="$scratch/vm.json" TMPDIR="$scratch/tmp" \
    until_ended timeout --kill-after=10 $((VM_SECONDS + 300)) \
    node --enable-source-maps dist/e2e/vm/run.js "$1" --suite --limit "$VM_SECONDS" || true
  if [ ! -s "$scratch/vm.json" ]; then
    failed=$((failed + 1))
    echo "FAIL kernel $1 was not run: see above"
    return
  fi
  count_specs "$scratch/vm.json"
  echo "$([ "$specs_failed" -eq 0 ] && echo 'ok  ' || echo FAIL) kernel $1: $specs_passed passed, $specs_failed failed, $specs_skipped skipped"
}

# What it takes: an emulator, and a kernel out of Debian's packages, which other systems have no mirror of.
vm_is_missing() {
  local program
  for program in "qemu-system-$(uname -m)" apt-get dpkg-deb; do
    command -v "$program" >/dev/null || { echo "$program is missing"; return; }
  done
  timeout "$KERNEL_SECONDS" bash e2e/vm/kernel.sh "$1" "$(dpkg --print-architecture)" >/dev/null 2>"$scratch/kernel" ||
    { tail -n1 "$scratch/kernel"; return; }
  return 1
}

# Ended before its end: what the specs had is taken away all the same.
interrupted() {
  trap '' INT TERM HUP
  [ -z "$running" ] || { kill "$running" 2>/dev/null; wait "$running"; }
  failed=$((failed + 1))
  echo 'FAIL the run was ended'
  end
  exit 130
}

# Sets up, builds, and remembers what this machine has.
begin() {
  if [ "$(id -u)" -ne 0 ]; then
    if [ "${CI:-}" = true ]; then
      echo 'FAIL the tests make eBPF maps and mounts: run them as root'
      failed=1
      finish
      exit
    fi
    echo 'note not root: what needs the kernel is skipped'
  fi

  step 'set up' bash bin/setup.sh test || { finish; exit; }
  start_build
  prune_outputs
  step 'lint (biome)' npx biome check .
  step 'native programs (make)' make -C native all check
  [ "$(id -u)" -ne 0 ] || node bin/leftovers.mjs take >"$scratch/before.json"
  trap interrupted INT TERM HUP
}

# Where the time went: the suites that took longest.
print_slowest() {
  [ ! -s "$summary" ] || node -e 'for (const { title, seconds } of JSON.parse(fs.readFileSync(process.argv[1], "utf8")).slowest)
    console.log(`slow ${title.padEnd(72)} ${seconds.toFixed(2).padStart(8)} s`)' "$summary"
}

# The last lines. end [TEXT], which stands before the very last one.
end() {
  [ "$(id -u)" -ne 0 ] || step 'no map, pin, mount or process left behind' \
    node bin/leftovers.mjs compare "$scratch/before.json" $$ "$scratch/tmp"
  print_slowest
  [ $# -eq 0 ] || echo "$1"
  finish
}
