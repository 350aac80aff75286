/* Addresses and ranges of them. Every address is 16 bytes, IPv4 as ::ffff:a.b.c.d, so there is one form and one
 * compare.
 */
#ifndef TOCSIN_NET_ADDRESS_H
#define TOCSIN_NET_ADDRESS_H

#include "base/base.h"

enum { ADDRESS_BYTES = 16, IPV4_PREFIX_BITS = 96 };

typedef struct AddressRange {
  u8 bytes[ADDRESS_BYTES];
  u32 bits; /* of the prefix, 0..128 */
} AddressRange;

/* A range of IPv4 for static tables. */
#define V4(a, b, c, d, prefix)                                                                                         \
  { {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (a), (b), (c), (d)}, IPV4_PREFIX_BITS + (prefix) }

bool address_range_has(const AddressRange *range, const u8 address[ADDRESS_BYTES]);
/* A short IPv6 prefix such as ::/0 speaks of IPv6 only, although IPv4 lives inside it here. */
bool address_ranges_have(const AddressRange *ranges, size_t count, const u8 address[ADDRESS_BYTES]);
bool address_is_ipv4(const u8 address[ADDRESS_BYTES]);
void address_put_ipv4(const void *four, u8 out[ADDRESS_BYTES]);
/* Text as inet_ntop writes it. */
MUST_CHECK bool address_parse(const char *text, u8 out[ADDRESS_BYTES], bool *out_ipv4);
/* "10.0.0.0/8,fd00::/8,192.168.1.7"; blank: none. The error names the entry. */
MUST_CHECK bool address_ranges_parse(Str list, AddressRange *out, size_t max, size_t *out_count, Error *err);

#endif
