/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_BPF_H
#define INNERMAP_BPF_H

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "innermap.h"

/* The kernel's own, in no header of user space. */
#define ENOTSUPP 524

/* The one place that calls bpf(2). What it answers, or -errno. */
int bpf_call(enum innermap_call call, enum bpf_cmd command, union bpf_attr *attr);

/* So often a call is made that is refused for a reason that passes. */
enum { TRIES = 4 };

/*
 * A program interrupted in the same bucket makes a call fail once (EBUSY). Since 6.15 a bucket's lock is given up after a
 * quarter of a second, as where its holder's processor is not scheduled (ETIMEDOUT), and where waiting could not end
 * (EDEADLK).
 */
static inline bool passes(int answer)
{
	switch (answer) {
	case -EBUSY:
	case -EAGAIN:
	case -EINTR:
	case -ETIMEDOUT:
	case -EDEADLK:
		return true;
	}
	return false;
}

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
