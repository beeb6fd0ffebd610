// SPDX-License-Identifier: Apache-2.0
/* Makes a veth pair in this process' network namespace, by rtnetlink; one that is there already is left as it is. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "driver.h"

#define MESSAGE_MAX 512

struct message {
	struct nlmsghdr header;
	struct ifinfomsg link;
	uint8_t attributes[MESSAGE_MAX];
};

static struct rtattr *append(struct message *message, uint16_t type, const void *data, size_t size)
{
	struct nlmsghdr *header = &message->header;
	struct rtattr *attribute = (struct rtattr *)((uint8_t *)message + NLMSG_ALIGN(header->nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = RTA_LENGTH(size);
	if (size)
		memcpy(RTA_DATA(attribute), data, size);
	header->nlmsg_len = NLMSG_ALIGN(header->nlmsg_len) + RTA_ALIGN(attribute->rta_len);
	return attribute;
}

static void append_name(struct message *message, const char *name)
{
	append(message, IFLA_IFNAME, name, strlen(name) + 1);
}

/* What was appended since is in it. */
static void close_nest(const struct message *message, struct rtattr *nest)
{
	nest->rta_len = (uint8_t *)message + message->header.nlmsg_len - (uint8_t *)nest;
}

/* 0, or the kernel's answer as a negative errno. */
static int ask(int socket, struct nlmsghdr *header)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		uint8_t rest[MESSAGE_MAX];
	} answer;

	header->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (send(socket, header, header->nlmsg_len, 0) < 0 || recv(socket, &answer, sizeof(answer), 0) < 0)
		return -errno;
	return answer.header.nlmsg_type == NLMSG_ERROR ? answer.error.error : -EBADMSG;
}

static void set_up(int socket, const char *name)
{
	struct message message = {
		.header = { .nlmsg_type = RTM_NEWLINK, .nlmsg_len = NLMSG_LENGTH(sizeof(message.link)) },
		.link = { .ifi_index = (int)if_nametoindex(name), .ifi_flags = IFF_UP, .ifi_change = IFF_UP },
	};
	int error = ask(socket, &message.header);

	if (error)
		fail(error, "Cannot set interface %s up", name);
}

void make_veth(const char *name, const char *peer)
{
	struct message message = {
		.header = { .nlmsg_type = RTM_NEWLINK, .nlmsg_len = NLMSG_LENGTH(sizeof(message.link)),
			    .nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL },
	};
	struct ifinfomsg none = {};
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), error;
	struct rtattr *info, *data, *other;

	if (netlink < 0)
		fail(errno, "Cannot ask for interfaces");
	append_name(&message, name);
	info = append(&message, IFLA_LINKINFO, NULL, 0);
	append(&message, IFLA_INFO_KIND, "veth", 4);
	data = append(&message, IFLA_INFO_DATA, NULL, 0);
	other = append(&message, VETH_INFO_PEER, &none, sizeof(none));
	append_name(&message, peer);
	close_nest(&message, other);
	close_nest(&message, data);
	close_nest(&message, info);
	error = ask(netlink, &message.header);
	if (error && error != -EEXIST)
		fail(error, "Cannot make interfaces %s and %s", name, peer);
	set_up(netlink, name);
	set_up(netlink, peer);
	close(netlink);
}

int command_veth(int count, char **words)
{
	static const char *const known[] = { "name", "peer", NULL };
	struct arguments arguments = arguments_of(count, words, known);

	make_veth(text(&arguments, "name"), text(&arguments, "peer"));
	return 0;
}
