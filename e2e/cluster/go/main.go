// The parts of a Kubernetes control plane in one program, chosen by the name it is called by, as busybox does: the build
// links them once, and the text of one binary is shared in memory.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"golang.org/x/sys/unix"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
)

// Each runs until it is told to end and answers with its exit code.
var parts = map[string]func() int{
	"etcd":           func() int { etcdmain.Main(os.Args); return 0 },
	"kube-apiserver": func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
}

func main() {
	name := filepath.Base(os.Args[0])
	run, known := parts[name]
	if !known {
		names := slices.Sorted(maps.Keys(parts))
		fmt.Fprintf(os.Stderr, "Cannot run %s: there is no such part, call this program as one of %s\n", name, strings.Join(names, ", "))
		os.Exit(2)
	}
	endWithParent()
	os.Exit(run())
}

// Nothing of a test outlives its process, however that ends.
func endWithParent() {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0, 0, 0); err != nil {
		fmt.Fprintf(os.Stderr, "Cannot tie this process to its parent: %v\n", err)
		os.Exit(2)
	}
}
