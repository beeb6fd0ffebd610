// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a command as uid 0 with fewer rights.
 * drop-caps: with the named capabilities and no other, as a pod does with `drop: [ALL]` and `add`. uid 0 alone would give
 * everything back at exec: SECBIT_NOROOT takes that away, the ambient set carries what is kept.
 * deny-bpf: with all capabilities, below a seccomp filter that answers EPERM to bpf(), as a runtime's profile can.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "driver.h"

static const char *const NAMES[] = {
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
	"linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
	"sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
	"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
	"mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
	"checkpoint_restore",
};

#define NAMED ((int)(sizeof(NAMES) / sizeof(NAMES[0])))

static uint64_t capability(const char *name)
{
	for (int i = 0; i < NAMED; i++)
		if (strcasecmp(NAMES[i], name) == 0)
			return 1ull << i;
	refuse("Cannot keep capability %s: there is none of this name, as bpf, perfmon, net_admin", name);
}

static void bound(uint64_t kept)
{
	/* EINVAL ends the list: the kernel may know more capabilities than this table, or fewer. */
	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (!(kept >> i & 1) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0))
			fail(errno, "Cannot drop capability %d from the bounding set", i);
	if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0))
		fail(errno, "Cannot take the rights of uid 0");
}

static void keep_only(uint64_t kept)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	for (int i = 0; i < 2; i++) {
		uint32_t half = kept >> (32 * i);

		sets[i] = (struct __user_cap_data_struct){ .effective = half, .permitted = half, .inheritable = half };
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		fail(errno, "Cannot clear ambient capabilities");
	if (syscall(SYS_capset, &header, sets))
		fail(errno, "Cannot keep capabilities %#llx: does this process have them", (unsigned long long)kept);
	for (int i = 0; i < NAMED; i++)
		if ((kept >> i & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0))
			fail(errno, "Cannot raise ambient capability %s", NAMES[i]);
}

/* Does not return. `place`: of the word before the command. */
static int run_behind(int place, int count, char **words)
{
	if (place + 1 >= count)
		refuse("Cannot run: no command behind --");
	execvp(words[place + 1], words + place + 1);
	fail(errno, "Cannot run %s", words[place + 1]);
}

int command_drop_caps(int count, char **words)
{
	uint64_t kept = 0;
	int place = 0;

	for (; place < count && strcmp(words[place], "--") != 0; place++)
		kept |= capability(words[place]);
	bound(kept);
	keep_only(kept);
	return run_behind(place, count, words);
}

int command_deny_bpf(int count, char **words)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		fail(errno, "Cannot deny bpf()");
	return run_behind(0, count, words);
}
