// SPDX-License-Identifier: Apache-2.0

// Program cilium does what bench/c/bulk.c does for `apply`, as a Go program does it in the best way that
// github.com/cilium/ebpf has: Map.BatchUpdate for contents and outer map, Map.Pin for pins.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

// The work that the command line asks for.
type work struct {
	maps    int
	entries int
	// A directory of a bpffs, or nothing.
	pins string
}

func main() {
	var work work
	if len(os.Args) < 2 || os.Args[1] != "apply" {
		fmt.Fprintln(os.Stderr, "cilium apply [--maps N] [--entries N] [--pins DIRECTORY]")
		os.Exit(2)
	}
	flags := flag.NewFlagSet("cilium apply", flag.ExitOnError)
	flags.IntVar(&work.maps, "maps", 10_000, "inner maps")
	flags.IntVar(&work.entries, "entries", 100, "entries of each")
	flags.StringVar(&work.pins, "pins", "", "directory of a bpffs where each inner map is pinned")
	flags.Parse(os.Args[2:])
	if work.maps < 1 || work.entries < 1 || flags.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "Cannot read arguments: integers from 1 on are wanted, and nothing else")
		os.Exit(2)
	}
	seconds, err := measure(work)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("{\"what\":\"apply\",\"maps\":%d,\"entries\":%d,\"seconds\":%.6f}\n", work.maps, work.entries, seconds)
}

// Times the work alone: content and outer map are made before, and all is taken away after it.
func measure(work work) (float64, error) {
	contents := makeContents(work)
	outer, err := makeOuter(work)
	if err != nil {
		return 0, fmt.Errorf("Cannot create outer map: %w", err)
	}
	defer outer.Close()
	chunk, err := openMapsLimit()
	if err != nil {
		return 0, err
	}
	// What making the content left behind is not part of the work.
	runtime.GC()
	start := time.Now()
	for from := 0; from < work.maps; from += chunk {
		if err := applyChunk(work, outer, contents[from:min(from+chunk, work.maps)]); err != nil {
			return 0, err
		}
	}
	seconds := time.Since(start).Seconds()
	return seconds, release(work, outer)
}
