/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_BPF_H
#define INNERMAP_BPF_H

#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include "innermap.h"

/* The kernel's own, in no header of user space. */
#define ENOTSUPP 524

/* The one place that calls bpf(2). What it answers, or -errno. */
int bpf_call(enum innermap_call call, enum bpf_cmd command, union bpf_attr *attr);

/* All zero: an initialiser need not clear more of a union than the member that it names. */
static inline union bpf_attr no_attr(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	return attr;
}

/* innermap_lookup by flags, as BPF_F_LOCK. */
int innermap_lookup_with(int fd, const void *key, void *value, uint64_t flags);

/* Sizes in words of 8 bytes, as the kernel lays out keys, values and those of each CPU. */
static inline uint64_t rounded_up(uint64_t size)
{
	return (size + 7) / 8 * 8;
}

/* An address as the kernel takes it. */
static inline uint64_t address(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

#endif
