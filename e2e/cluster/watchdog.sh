#!/bin/sh
# Takes a control plane away: the processes that work in the folder $1, and the folder. It waits for the end of its
# standard input, which comes when the test says so and also when the test's process is killed.
cat >/dev/null
for process in /proc/[0-9]*; do
  [ "$(readlink "$process/cwd")" != "$1" ] || kill -KILL "${process#/proc/}"
done 2>/dev/null
# A process that is about to end may still make a file.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf "$1" 2>/dev/null && exit 0
  sleep 0.2
done
rm -rf "$1"
