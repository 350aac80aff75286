/* The guard against private targets: is this address one that the world may reach?
 * Every address becomes 16 bytes, IPv4 as ::ffff:a.b.c.d, so there is one table and one compare. An IPv6 form that
 * carries an IPv4 address (mapped, NAT64, 6to4) is judged by what it carries: that is where the packets end. */
#include "net/outbound_guard.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "net/address.h"

enum { ALLOW_MAX = 256 };

struct OutboundGuard {
  size_t count;
  AddressRange allowed[ALLOW_MAX];
};

/* IANA's special-purpose registries: what is not globally reachable. */
static const AddressRange NOT_PUBLIC[] = {
    V4(0, 0, 0, 0, 8),              /* this network; Linux connects 0.0.0.0 to itself */
    V4(10, 0, 0, 0, 8),             /* private */
    V4(100, 64, 0, 0, 10),          /* carrier-grade NAT; cloud metadata of some providers */
    V4(127, 0, 0, 0, 8),            /* loopback */
    V4(169, 254, 0, 0, 16),         /* link-local; cloud metadata */
    V4(172, 16, 0, 0, 12),          /* private */
    V4(192, 0, 0, 0, 24),           /* protocol assignments; cloud metadata of one provider */
    V4(192, 0, 2, 0, 24),           /* documentation */
    V4(192, 88, 99, 0, 24),         /* 6to4 relay anycast, withdrawn */
    V4(192, 168, 0, 0, 16),         /* private */
    V4(198, 18, 0, 0, 15),          /* benchmarks */
    V4(198, 51, 100, 0, 24),        /* documentation */
    V4(203, 0, 113, 0, 24),         /* documentation */
    V4(224, 0, 0, 0, 4),            /* multicast */
    V4(240, 0, 0, 0, 4),            /* reserved, and broadcast */
    {{0x20, 0x01, 0x00}, 23},       /* protocol assignments: Teredo, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x3f, 0xff, 0x00}, 20},       /* documentation */
};

/* Outside of it nothing of IPv6 is public: unique local, link-local, multicast, loopback, local NAT64, IPv4-compatible.
 */
static const AddressRange GLOBAL_UNICAST = {{0x20}, 3};

/* Where an IPv6 form carries its IPv4 address. */
static const struct {
  AddressRange range;
  size_t offset;
} CARRIERS[] = {
    {V4(0, 0, 0, 0, 0), 12},
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12}, /* NAT64, well-known prefix */
    {{{0x20, 0x02}, 16}, 2},              /* 6to4 */
};

static bool carried_ipv4(const u8 address[ADDRESS_BYTES], u8 out[ADDRESS_BYTES]) {
  for (size_t i = 0; i < COUNT(CARRIERS); i++)
    if (address_range_has(&CARRIERS[i].range, address)) {
      address_put_ipv4(address + CARRIERS[i].offset, out);
      return true;
    }
  return false;
}

static bool is_public(const u8 address[ADDRESS_BYTES]) {
  if (!address_is_ipv4(address) && !address_range_has(&GLOBAL_UNICAST, address)) return false;
  for (size_t i = 0; i < COUNT(NOT_PUBLIC); i++)
    if (address_range_has(&NOT_PUBLIC[i], address)) return false;
  return true;
}

static bool permits(const OutboundGuard *guard, const u8 address[ADDRESS_BYTES]) {
  u8 carried[ADDRESS_BYTES];
  if (address_ranges_have(guard->allowed, guard->count, address)) return true;
  if (carried_ipv4(address, carried))
    return address_ranges_have(guard->allowed, guard->count, carried) || is_public(carried);
  return is_public(address);
}

bool outbound_guard_new(const char *allow, OutboundGuard **out, Error *err) {
  OutboundGuard *guard = xcalloc(1, sizeof(*guard));
  if (!address_ranges_parse(str_from_c(allow), guard->allowed, ALLOW_MAX, &guard->count, err)) {
    outbound_guard_free(guard);
    return error_prefix(err, "outbound-allow: ");
  }
  *out = guard;
  return true;
}

void outbound_guard_free(OutboundGuard *guard) {
  free(guard);
}

bool outbound_guard_permits(const OutboundGuard *guard, const struct sockaddr *address) {
  u8 bytes[ADDRESS_BYTES];
  if (address->sa_family == AF_INET)
    address_put_ipv4(&((const struct sockaddr_in *)(const void *)address)->sin_addr, bytes);
  else if (address->sa_family == AF_INET6)
    memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, ADDRESS_BYTES);
  else
    return false;
  return permits(guard, bytes);
}

bool outbound_guard_permits_text(const OutboundGuard *guard, const char *address) {
  u8 bytes[ADDRESS_BYTES];
  bool ipv4;
  return address_parse(address, bytes, &ipv4) && permits(guard, bytes);
}
