// SPDX-License-Identifier: Apache-2.0
/* What tests do to the kernel as somebody else: the program's loader, packets, a busy program, another agent's maps. */
#include <stdio.h>
#include <string.h>
#include "driver.h"

static const struct {
	const char *name;
	command *run;
	const char *usage;
} COMMANDS[] = {
	{ "load", command_load,
	  "--pin-outer PATH [--pin-prog PATH] [--pin-limits PATH] [--max N] [--inner-max N] [--reuse | --replace] "
	  "[--attach INTERFACE [--veth INTERFACE,PEER] [--pin-link PATH] [--stay]]" },
	{ "bring", command_bring,
	  "--object NAME --pin-outer PATH --pin-prog PATH [--keys N --entry HEX --value HEX] [--reuse [--overwrite]] "
	  "[--stay]" },
	{ "run", command_run,
	  "--pin-prog PATH --dst IP --proto tcp|udp --port N [--source-port N] [--bytes N] [--repeat N]" },
	{ "read", command_read, "--outer PATH --key HEX --entries N [--seconds N] [--cpu N]" },
	{ "increment", command_increment,
	  "--outer PATH --key HEX --entry HEX [--offset N] [--seconds N] [--cpu N]" },
	{ "make", command_make,
	  "--pin PATH --type hash|array [--max N] [--key-size N] [--inner TYPE] [--inner-key-size N] "
	  "[--inner-value-size N] [--inner-max N] [--inner-flags N] [--inner-extra N] [--inners N] [--entries N] "
	  "[--stamp N]" },
	{ "maps", command_maps, "" },
	{ "traffic", command_traffic,
	  "--from INTERFACE --to INTERFACE --flows N --first IP --rate PACKETS_PER_SECOND [--port N] [--size BYTES] "
	  "[--every SECONDS] [--control NAME]" },
	{ "report", command_report, "[--quiesce] [--reset] [--brief] [--control NAME]" },
	{ "drop-caps", command_drop_caps, "[CAPABILITY...] -- COMMAND..." },
	{ "deny-bpf", command_deny_bpf, "-- COMMAND..." },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int usage(void)
{
	for (size_t i = 0; i < COUNT(COMMANDS); i++)
		fprintf(stderr, "driver %s %s\n", COMMANDS[i].name, COMMANDS[i].usage);
	return 2;
}

/* libbpf's notes say what went wrong in a load; what went well is of no use to a test. */
static int print_warnings(enum libbpf_print_level level, const char *format, va_list values)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, values) : 0;
}

int main(int count, char **words)
{
	libbpf_set_print(print_warnings);
	for (size_t i = 0; count > 1 && i < COUNT(COMMANDS); i++)
		if (strcmp(words[1], COMMANDS[i].name) == 0)
			return COMMANDS[i].run(count - 2, words + 2);
	return usage();
}
