/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `driver load`: a program, its maps, and the interface that it filters. */
#ifndef LOAD_H
#define LOAD_H

#include <linux/rtnetlink.h>
#include <stdint.h>

/* netlink.c: a request about one network interface. */
struct link_request {
	struct nlmsghdr header;
	struct ifinfomsg link;
	uint8_t attributes[256];
};

struct link_request link_request(uint16_t flags);
/* Answers where the attribute begins, for end_attribute where others follow in it. */
struct rtattr *add_attribute(struct link_request *request, uint16_t type, const void *data, size_t size);
void end_attribute(struct link_request *request, struct rtattr *attribute);
/* 0, or what the kernel refused it with: a negative errno. */
int ask_kernel(struct link_request *request);

/* veth.c: `NAME,PEER`: both are there and up afterwards. */
void make_veth(const char *names);

/* attach.c */
struct attachment {
	int link;
	const char *mode;
};

/* Puts the program at the interface; at the place of the one that the pinned link has there, if there is such a pin. */
struct attachment attach(int program, const char *interface, const char *pin_link);

#endif
