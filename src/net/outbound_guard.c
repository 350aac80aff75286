/* The guard against private targets: is this address one that the world may reach?
 * Every address becomes 16 bytes, IPv4 as ::ffff:a.b.c.d, so there is one table and one compare. An IPv6 form that
 * carries an IPv4 address (mapped, NAT64, 6to4) is judged by what it carries: that is where the packets end. */
#include "net/outbound_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_BYTES = 16, IPV4_PREFIX_BITS = 96, ALLOW_MAX = 256, ENTRY_BYTES_MAX = INET6_ADDRSTRLEN };

typedef struct Range {
  u8 bytes[ADDRESS_BYTES];
  u32 bits; /* of the prefix, 0..128 */
} Range;

struct OutboundGuard {
  size_t count;
  Range allowed[ALLOW_MAX];
};

#define V4(a, b, c, d, prefix)                                                                                         \
  { {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (a), (b), (c), (d)}, IPV4_PREFIX_BITS + (prefix) }

/* IANA's special-purpose registries: what is not globally reachable. */
static const Range NOT_PUBLIC[] = {
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
static const Range GLOBAL_UNICAST = {{0x20}, 3};

static const Range IPV4_MAPPED = V4(0, 0, 0, 0, 0);

/* Where an IPv6 form carries its IPv4 address. */
static const struct {
  Range range;
  size_t offset;
} CARRIERS[] = {
    {V4(0, 0, 0, 0, 0), 12},
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12}, /* NAT64, well-known prefix */
    {{{0x20, 0x02}, 16}, 2},              /* 6to4 */
};

static bool range_has(const Range *range, const u8 address[ADDRESS_BYTES]) {
  size_t whole = range->bits / 8;
  u32 rest = range->bits % 8;
  if (memcmp(range->bytes, address, whole) != 0) return false;
  return rest == 0 || ((range->bytes[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

static bool is_ipv4(const u8 address[ADDRESS_BYTES]) {
  return range_has(&IPV4_MAPPED, address);
}

static void put_ipv4(const void *four, u8 out[ADDRESS_BYTES]) {
  memcpy(out, IPV4_MAPPED.bytes, ADDRESS_BYTES);
  memcpy(out + 12, four, 4);
}

static bool carried_ipv4(const u8 address[ADDRESS_BYTES], u8 out[ADDRESS_BYTES]) {
  for (size_t i = 0; i < COUNT(CARRIERS); i++)
    if (range_has(&CARRIERS[i].range, address)) {
      put_ipv4(address + CARRIERS[i].offset, out);
      return true;
    }
  return false;
}

/* A short IPv6 prefix such as ::/0 speaks of IPv6 only, although IPv4 lives inside it here. */
static bool is_allowed(const OutboundGuard *guard, const u8 address[ADDRESS_BYTES]) {
  bool ipv4 = is_ipv4(address);
  for (size_t i = 0; i < guard->count; i++) {
    const Range *range = &guard->allowed[i];
    if (ipv4 && range->bits < IPV4_PREFIX_BITS) continue;
    if (range_has(range, address)) return true;
  }
  return false;
}

static bool is_public(const u8 address[ADDRESS_BYTES]) {
  if (!is_ipv4(address) && !range_has(&GLOBAL_UNICAST, address)) return false;
  for (size_t i = 0; i < COUNT(NOT_PUBLIC); i++)
    if (range_has(&NOT_PUBLIC[i], address)) return false;
  return true;
}

static bool permits(const OutboundGuard *guard, const u8 address[ADDRESS_BYTES]) {
  u8 carried[ADDRESS_BYTES];
  if (is_allowed(guard, address)) return true;
  if (carried_ipv4(address, carried)) return is_allowed(guard, carried) || is_public(carried);
  return is_public(address);
}

static bool address_parse(const char *text, u8 out[ADDRESS_BYTES], bool *out_ipv4) {
  struct in_addr four;
  *out_ipv4 = inet_pton(AF_INET, text, &four) == 1;
  if (!*out_ipv4) return inet_pton(AF_INET6, text, out) == 1;
  put_ipv4(&four, out);
  return true;
}

/* Bits after the prefix must be zero: 10.1.2.3/8 is more likely a slip than a wish. */
static bool range_is_clean(const Range *range) {
  for (u32 bit = range->bits; bit < ADDRESS_BYTES * 8; bit++)
    if (range->bytes[bit / 8] & (0x80u >> (bit % 8))) return false;
  return true;
}

static bool range_parse(Str entry, Range *out, Error *err) {
  Str address, prefix = STR_NONE;
  char text[ENTRY_BYTES_MAX + 1];
  bool ipv4 = false, has_prefix = str_cut(entry, '/', &address, &prefix);
  if (address.len > ENTRY_BYTES_MAX) address.len = 0;
  if (address.len > 0) memcpy(text, address.ptr, address.len);
  text[address.len] = '\0';
  if (memchr(text, '\0', address.len) || !address_parse(text, out->bytes, &ipv4))
    return fail(err, ERR_INVALID, "\"%.*s\" is not an address range; use a form such as 10.0.0.0/8 or fd00::/8",
                STR_ARG(entry));
  u64 width = ipv4 ? 32 : 128, bits = width;
  if (has_prefix && !str_to_u64(prefix, width, &bits))
    return fail(err, ERR_INVALID, "\"%.*s\": the prefix must be a number from 0 to %u", STR_ARG(entry),
                (unsigned)width);
  out->bits = (u32)bits + (ipv4 ? IPV4_PREFIX_BITS : 0);
  if (!range_is_clean(out))
    return fail(err, ERR_INVALID, "\"%.*s\" has bits set after its prefix; give the first address of the range",
                STR_ARG(entry));
  return true;
}

static bool ranges_parse(Str list, OutboundGuard *guard, Error *err) {
  Str head, tail = list;
  bool more = !str_is_blank(list);
  while (more) {
    more = str_cut(tail, ',', &head, &tail);
    if (guard->count == ALLOW_MAX) return fail(err, ERR_INVALID, "more than %d address ranges", ALLOW_MAX);
    if (!range_parse(str_trim(head), &guard->allowed[guard->count], err)) return false;
    guard->count++;
  }
  return true;
}

bool outbound_guard_new(const char *allow, OutboundGuard **out, Error *err) {
  OutboundGuard *guard = xcalloc(1, sizeof(*guard));
  if (!ranges_parse(str_from_c(allow), guard, err)) {
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
    put_ipv4(&((const struct sockaddr_in *)(const void *)address)->sin_addr, bytes);
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
