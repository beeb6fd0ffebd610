#!/usr/bin/env bash
# Process 1 of a node of the local cluster, in mount, network, process and host name namespaces of its own: containerd,
# kube-proxy and kubelet are below it, and end with it. Nothing of what it mounts is seen outside.
#   node.sh NAME FOLDER PARTS    FOLDER: what the node keeps over a reboot, and its configuration; PARTS: the programs
set -euo pipefail
NAME=$1 FOLDER=$2 PARTS=$3
export PATH="$PATH:/usr/sbin:/sbin"

hostname "$NAME"

# The kubelet sets these for the whole machine where they differ: it sees them as it wants them.
shield() {
  local file=$FOLDER/sysctl/${1//\//.}
  mkdir -p "$FOLDER/sysctl"
  echo "$2" >"$file"
  mount --bind "$file" "/proc/sys/$1"
}
shield vm/overcommit_memory 1
shield vm/panic_on_oom 0
shield kernel/panic 10
shield kernel/panic_on_oops 1
shield kernel/keys/root_maxkeys 1000000
shield kernel/keys/root_maxbytes 25000000

mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
for place in lib/kubelet lib/containerd lib/cni log; do
  mkdir -p "/var/$place" "$FOLDER/var/$place"
  mount --bind "$FOLDER/var/$place" "/var/$place"
done
mount -t bpf bpf /sys/fs/bpf
# So that pods see what is mounted later, and the node what they mount.
mount --make-rshared /

# Somebody outside plugs the cable in.
until ip -4 -oneline address show dev eth0 2>/dev/null | grep inet >/dev/null; do sleep 0.02; done

run() {
  local name=$1
  shift
  "$@" >>"$FOLDER/$name.log" 2>&1 &
  echo $! >"$FOLDER/$name.pid"
}
run containerd containerd --config "$FOLDER/containerd.toml"
until [ -S /run/containerd/containerd.sock ]; do sleep 0.02; done
run kube-proxy "$PARTS/kube-proxy" --config "$FOLDER/kube-proxy.yaml"
while :; do
  run kubelet "$PARTS/kubelet" --config "$FOLDER/kubelet.yaml" --kubeconfig "$FOLDER/kubelet.kubeconfig" \
    --hostname-override "$NAME" --node-ip "$(<"$FOLDER/address")"
  # As an init system does; it reaps meanwhile whatever ends in this node.
  wait "$(<"$FOLDER/kubelet.pid")" || sleep 0.5
done
