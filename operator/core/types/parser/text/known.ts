/** Numbers that headers of Linux define, by their names there. A text may define them again. */
export const KNOWN_CONSTANTS: ReadonlyMap<string, bigint> = new Map(
  Object.entries({
    ...{ TASK_COMM_LEN: 16, ETH_ALEN: 6, IFNAMSIZ: 16, IF_NAMESIZE: 16, PATH_MAX: 4096, NAME_MAX: 255 },
    ...{ INET_ADDRSTRLEN: 16, INET6_ADDRSTRLEN: 46, HOST_NAME_MAX: 64, UNIX_PATH_MAX: 108 },
    ...{ BPF_TAG_SIZE: 8, BPF_OBJ_NAME_LEN: 16, BPF_BUILD_ID_SIZE: 20, PERF_MAX_STACK_DEPTH: 127 },
    ...{ AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, ETH_P_IP: 0x0800, ETH_P_ARP: 0x0806, ETH_P_IPV6: 0x86dd },
    ...{ IPPROTO_ICMP: 1, IPPROTO_TCP: 6, IPPROTO_UDP: 17, IPPROTO_ICMPV6: 58, IPPROTO_SCTP: 132 },
    ...{ XDP_ABORTED: 0, XDP_DROP: 1, XDP_PASS: 2, XDP_TX: 3, XDP_REDIRECT: 4 },
    ...{ TC_ACT_UNSPEC: -1, TC_ACT_OK: 0, TC_ACT_RECLASSIFY: 1, TC_ACT_SHOT: 2, TC_ACT_PIPE: 3 },
    ...{ TC_ACT_STOLEN: 4, TC_ACT_REDIRECT: 7, CHAR_BIT: 8, __BITS_PER_LONG: 64, BITS_PER_LONG: 64 },
    ...{ CHAR_MAX: 127, SCHAR_MAX: 127, UCHAR_MAX: 255, SHRT_MAX: 32767, USHRT_MAX: 65535 },
    ...{ INT8_MAX: 127, UINT8_MAX: 255, INT16_MAX: 32767, UINT16_MAX: 65535, INT32_MAX: 2147483647 },
    ...{ INT_MAX: 2147483647, INT_MIN: -2147483648, UINT_MAX: 4294967295, UINT32_MAX: 4294967295 },
    ...{ U8_MAX: 255, U16_MAX: 65535, U32_MAX: 4294967295, true: 1, false: 0 },
    ...{ __ORDER_LITTLE_ENDIAN__: 1234, __ORDER_BIG_ENDIAN__: 4321, __BYTE_ORDER__: 1234 },
    ...{ __LITTLE_ENDIAN: 1234, __BIG_ENDIAN: 4321, __BYTE_ORDER: 1234 },
  }).map(([name, value]) => [name, BigInt(value)]),
);

/** Macros of linux/types.h. Their attribute is the field's, which is aligned in a packed struct, too. */
export const KNOWN_MACROS: ReadonlyMap<string, string> = new Map(
  ['u64', 's64', 'be64', 'le64'].map(word => [`__aligned_${word}`, `__${word} __attribute__((aligned(8)))`]),
);

/** Whether a compiler of eBPF programs defines a name, where that is the same for all. */
export const KNOWN_DEFINED: ReadonlyMap<string, boolean> = new Map([
  ...'__bpf__ __BPF__ __clang__ __GNUC__ __STDC__ __linux__ __LITTLE_ENDIAN __LITTLE_ENDIAN_BITFIELD __BYTE_ORDER __BYTE_ORDER__'
    .split(' ')
    .map(name => [name, true] as const),
  ...'__cplusplus __KERNEL__ __ASSEMBLY__ __ASSEMBLER__ __BIG_ENDIAN_BITFIELD _WIN32 WIN32 _MSC_VER __APPLE__'
    .split(' ')
    .map(name => [name, false] as const),
]);
