#!/usr/bin/env bash
# npm start: sets up what is missing and runs the agent on examples/ against this machine's kernel.
# Arguments go to the agent: npm start -- --once
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

BPFFS=/sys/fs/bpf

say() { printf 'start: %s\n' "$*" >&2; }

if [ "$(id -u)" -ne 0 ]; then
  say 'the agent makes eBPF maps, which needs root (or CAP_BPF): run this as root'
  exit 1
fi

bash bin/setup.sh runtime

if ! awk -v at="$BPFFS" '$2 == at { found = 1 } END { exit !found }' /proc/self/mounts; then
  # The kernel's own default, 1777, lets every user make files there.
  if ! mount -t bpf -o mode=0700 bpf "$BPFFS"; then
    say "cannot mount a bpffs at $BPFFS: in a container, start it with that directory of the host, or with --cap-add SYS_ADMIN"
    exit 1
  fi
  say "mounted a bpffs at $BPFFS (undo: umount $BPFFS)"
fi

# What the agent is about to do: exit code 1 says that there is something to do.
[ $# -gt 0 ] || node bin/innermap.js plan examples/ || [ $? -eq 1 ]
if [ $# -eq 0 ]; then
  say 'from here on the kernel is kept as examples/ says, until Ctrl-C. In another terminal:'
  say '  npx innermap get tenants 10.1.0.7                 what the kernel holds'
  say '  edit examples/team-a.yaml, and get it again       changed within milliseconds'
  say '  bpftool map dump pinned /sys/fs/bpf/tenants       a witness'
  say '  npx innermap clean                                after Ctrl-C, takes it all away'
fi

exec node bin/innermap.js agent --manifests examples/ "$@"
