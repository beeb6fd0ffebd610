// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "driver.h"
#include "load.h"

struct link_request link_request(uint16_t flags)
{
	return (struct link_request){
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)), .nlmsg_type = RTM_NEWLINK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags },
		.link = { .ifi_family = AF_UNSPEC },
	};
}

struct rtattr *add_attribute(struct link_request *request, uint16_t type, const void *data, size_t size)
{
	size_t begin = NLMSG_ALIGN(request->header.nlmsg_len), length = RTA_LENGTH(size);
	struct rtattr *attribute = (struct rtattr *)((uint8_t *)request + begin);

	if (begin + RTA_ALIGN(length) > sizeof(*request))
		fail(EMSGSIZE, "Cannot ask about a network interface");
	attribute->rta_type = type;
	attribute->rta_len = length;
	if (size)
		memcpy(RTA_DATA(attribute), data, size);
	request->header.nlmsg_len = begin + RTA_ALIGN(length);
	return attribute;
}

void end_attribute(struct link_request *request, struct rtattr *attribute)
{
	attribute->rta_len = (uint8_t *)request + request->header.nlmsg_len - (uint8_t *)attribute;
}

int ask_kernel(struct link_request *request)
{
	struct { struct nlmsghdr header; struct nlmsgerr error; uint8_t rest[512]; } answer;
	int socket_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t length = -1;

	if (socket_fd < 0)
		return -errno;
	if (send(socket_fd, request, request->header.nlmsg_len, 0) >= 0)
		length = recv(socket_fd, &answer, sizeof(answer), 0);
	if (length < 0) {
		length = -errno;
		close(socket_fd);
		return length;
	}
	close(socket_fd);
	return answer.header.nlmsg_type == NLMSG_ERROR ? answer.error.error : -EPROTO;
}
