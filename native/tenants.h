/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What the sample program tenants.bpf.c shares with whoever declares its maps:
 * a struct of this file can be pasted into `key` or `value` of an OuterMap's template.
 */
#ifndef TENANTS_H
#define TENANTS_H

#include <linux/types.h>

#define TENANTS_MAX 1024
#define TENANTS_RULES_MAX 4096
#define LIMITS_PROTOCOLS 256
#define LIMITS_PORTS_MAX 1024

enum tenant_action {
	PASS = 1,
	DROP = 2,
};

/* tenants: IPv4 destination -> the tenant's rules: tenant_port -> tenant_rule */
struct tenant_port {
	__be16 port;
	__u8 proto;
};

struct tenant_rule {
	__u32 action;
	/* Written by the program alone: programOwned in the template. */
	__u64 packets;
};

/* limits: IP protocol number -> source port (__be16) -> the longest IPv4 packet in bytes (__u32) that may come from it */

#endif
