/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bpf.h"

static uint64_t calls[CALLS + 1];

int bpf_call(enum innermap_call call, enum bpf_cmd command, union bpf_attr *attr)
{
	long answer;

	__atomic_add_fetch(&calls[call], 1, __ATOMIC_RELAXED);
	answer = syscall(__NR_bpf, command, attr, sizeof(*attr));
	return answer < 0 ? -errno : (int)answer;
}

void innermap_counts(uint64_t counts[CALLS])
{
	for (int call = 0; call < CALLS; call++)
		counts[call] = __atomic_load_n(&calls[call], __ATOMIC_RELAXED);
}
