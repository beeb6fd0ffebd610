// SPDX-License-Identifier: Apache-2.0
/* Shows one packet to a pinned XDP program and tells what became of it. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stdio.h>
#include <string.h>
#include "driver.h"

#define PACKET_MAX 1500

struct frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	uint8_t payload[PACKET_MAX - sizeof(struct iphdr)];
} __attribute__((packed));

static uint8_t protocol(const char *name)
{
	if (strcmp(name, "tcp") == 0)
		return IPPROTO_TCP;
	if (strcmp(name, "udp") == 0)
		return IPPROTO_UDP;
	refuse("Cannot read --proto: %s is neither tcp nor udp", name);
}

/* TCP and UDP both begin with the two ports, all that is looked at. Checksums stay zero: XDP runs before they matter. */
static struct frame frame_for(const struct arguments *arguments)
{
	uint16_t least = sizeof(struct iphdr) + sizeof(struct tcphdr);
	uint16_t length = number_or(arguments, "bytes", least, PACKET_MAX);
	uint16_t ports[2] = {
		htons(number_or(arguments, "source-port", 40000, UINT16_MAX)),
		htons(number(arguments, "port", UINT16_MAX)),
	};
	struct frame frame = {
		.ethernet = { .h_dest = { 2, 0, 0, 0, 0, 1 }, .h_source = { 2, 0, 0, 0, 0, 2 },
			      .h_proto = htons(ETH_P_IP) },
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .tot_len = htons(length),
			.protocol = protocol(text(arguments, "proto")), .saddr = htonl(0xc0000201) },
	};
	const char *destination = text(arguments, "dst");
	in_addr_t address;

	if (length < least)
		refuse("Cannot read --bytes: %u is below %u, the least packet", length, least);
	if (inet_pton(AF_INET, destination, &address) != 1)
		refuse("Cannot read --dst: %s is no IPv4 address", destination);
	frame.ip.daddr = address;
	memcpy(frame.payload, ports, sizeof(ports));
	return frame;
}

static const char *action_name(uint32_t action)
{
	static const char *const names[] = { "XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT" };

	return action < sizeof(names) / sizeof(names[0]) ? names[action] : "unknown";
}

int command_run(int count, char **words)
{
	static const char *const known[] = { "pin-prog", "dst", "proto", "port", "source-port", "bytes", "repeat", NULL };
	struct arguments arguments = arguments_of(count, words, known);
	struct frame frame = frame_for(&arguments);
	const char *path = text(&arguments, "pin-prog");
	LIBBPF_OPTS(bpf_test_run_opts, test, .data_in = &frame,
		    .data_size_in = sizeof(frame.ethernet) + ntohs(frame.ip.tot_len),
		    .repeat = number_or(&arguments, "repeat", 1, INT32_MAX));
	int error = bpf_prog_test_run_opts(open_pin(path), &test);

	if (error)
		fail(error, "Cannot run %s", path);
	printf("{\"retval\":\"%s\",\"repeat\":%d,\"nanosecondsEach\":%u}\n", action_name(test.retval), test.repeat,
	       test.duration);
	return 0;
}
