#!/bin/sh
# Takes a control plane or nodes away: the processes that work in the folder $1, the folder, and the cgroups named after
# it. It waits for the end of its
# standard input, which comes when the test says so and also when the test's process is killed.
cat >/dev/null
for process in /proc/[0-9]*; do
  [ "$(readlink "$process/cwd")" != "$1" ] || kill -KILL "${process#/proc/}"
done 2>/dev/null
# A cgroup goes when its last process has.
for cgroup in $(find /sys/fs/cgroup -maxdepth 2 -type d -name "${1##*/}" 2>/dev/null); do
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null && break
    sleep 0.1
  done
done
# A process that is about to end may still make a file.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf "$1" 2>/dev/null && exit 0
  sleep 0.2
done
rm -rf "$1"
