// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
)

// As bench/c/content.c spreads keys: odd, so no two are equal.
const spread = 2654435761

// Files that are no inner maps.
const otherFiles = 64

const releaseTime = 10 * time.Second

// The encoded entries of one inner map, at hand before the work begins.
type content struct {
	key    uint32
	keys   []uint32
	values []uint32
}

func makeContents(work work) []content {
	contents := make([]content, work.maps)
	keys := make([]uint32, work.maps*work.entries)
	values := make([]uint32, work.maps*work.entries)
	for i := range keys {
		keys[i] = uint32(i%work.entries) * spread
		values[i] = uint32(i) + 1
	}
	for i := range contents {
		from, to := i*work.entries, (i+1)*work.entries
		contents[i] = content{uint32(i), keys[from:to], values[from:to]}
	}
	return contents
}

func innerSpec(work work) *ebpf.MapSpec {
	return &ebpf.MapSpec{Name: "bench", Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: uint32(work.entries)}
}

func makeOuter(work work) (*ebpf.Map, error) {
	return ebpf.NewMap(&ebpf.MapSpec{
		Name: "bench", Type: ebpf.HashOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: uint32(work.maps), InnerMap: innerSpec(work),
	})
}

func openMapsLimit() (int, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("Cannot read the limit of open files: %w", err)
	}
	if limit.Cur <= otherFiles {
		return 0, fmt.Errorf("Cannot hold inner maps: the limit of open files is %d", limit.Cur)
	}
	return int(limit.Cur - otherFiles), nil
}

// Creates, fills and pins the inner maps, then puts all of them into the outer map at once.
func applyChunk(work work, outer *ebpf.Map, contents []content) error {
	keys := make([]uint32, len(contents))
	fds := make([]uint32, len(contents))
	spec := innerSpec(work)
	for i, content := range contents {
		inner, err := makeInner(work, spec, content)
		if err != nil {
			return err
		}
		defer inner.Close()
		keys[i], fds[i] = content.key, uint32(inner.FD())
	}
	if count, err := outer.BatchUpdate(keys, fds, nil); err != nil {
		return fmt.Errorf("Cannot update outer map behind entry %d: %w", count, err)
	}
	return nil
}

func makeInner(work work, spec *ebpf.MapSpec, content content) (*ebpf.Map, error) {
	inner, err := ebpf.NewMap(spec)
	if err != nil {
		return nil, fmt.Errorf("Cannot create inner map: %w", err)
	}
	if _, err := inner.BatchUpdate(content.keys, content.values, nil); err != nil {
		return nil, fmt.Errorf("Cannot fill inner map %d: %w", content.key, err)
	}
	if work.pins == "" {
		return inner, nil
	}
	if err := inner.Pin(pinOf(work, content.key)); err != nil {
		return nil, fmt.Errorf("Cannot pin inner map %d: %w", content.key, err)
	}
	return inner, nil
}

// The bytes of the key as the kernel holds them, two digits each.
func pinOf(work work, key uint32) string {
	return filepath.Join(work.pins, hex.EncodeToString(binary.NativeEndian.AppendUint32(nil, key)))
}

// Takes pins and outer map away and waits until no inner map is left: nothing of a run may disturb the next.
func release(work work, outer *ebpf.Map) error {
	ids := make([]ebpf.MapID, work.maps+1)
	keys := make([]uint32, work.maps+1)
	var cursor ebpf.MapBatchCursor
	count, err := outer.BatchLookup(&cursor, keys, ids, nil)
	if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("Cannot read outer map: %w", err)
	}
	if count != work.maps {
		return fmt.Errorf("Cannot trust outer map: %d entries of %d", count, work.maps)
	}
	for _, key := range keys[:count] {
		if work.pins == "" {
			break
		}
		if err := os.Remove(pinOf(work, key)); err != nil {
			return fmt.Errorf("Cannot unlink a pin: %w", err)
		}
	}
	outer.Close()
	return waitUntilGone(ids[:count])
}

func waitUntilGone(ids []ebpf.MapID) error {
	for end := time.Now().Add(releaseTime); len(ids) > 0 && time.Now().Before(end); {
		inner, err := ebpf.NewMapFromID(ids[0])
		if errors.Is(err, os.ErrNotExist) {
			ids = ids[1:]
			continue
		}
		if err != nil {
			return fmt.Errorf("Cannot ask for inner map %d: %w", ids[0], err)
		}
		inner.Close()
		time.Sleep(time.Millisecond)
	}
	return nil
}
