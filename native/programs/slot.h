/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How a packet names the inner map that is asked: a u32 in host order behind its Ethernet header. */
#ifndef SLOT_H
#define SLOT_H

#define ETHERNET_HEADER 14
/* Nothing is declared there. */
#define ABSENT 255

static __always_inline int read_slot(struct __sk_buff *skb, __u32 *slot)
{
	return bpf_skb_load_bytes(skb, ETHERNET_HEADER, slot, sizeof(*slot));
}

#endif
