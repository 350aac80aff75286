/* Network: addresses and ranges. Both are kept as canonical text with a flag, so that they read well wherever they end
 * up. IPv4 inside IPv6 is IPv4; zones are refused. */
#include <arpa/inet.h>
#include <string.h>

#include "lang/cel/library.h"

typedef struct Address {
  u8 bytes[16];
  u32 count;  /* bytes: 4 or 16 */
  u32 prefix; /* of a range */
} Address;

static bool fails(Error *err, const char *what, Str text, const char *why) {
  return fail(err, ERR_INVALID, "%s: \"%.*s\" %s", what, STR_ARG(utf8_cut(text, 60)), why);
}

static bool read_address(Str text, const char *what, Address *out, Error *err) {
  static const u8 MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  char c_text[INET6_ADDRSTRLEN + 1];
  bool six = str_find_char(text, ':', 0) != SIZE_MAX;
  if (str_find_char(text, '%', 0) != SIZE_MAX) return fails(err, what, text, "has a zone, which is not allowed");
  if (six && str_find_char(text, '.', 0) != SIZE_MAX)
    return fails(err, what, text, "is IPv4 inside IPv6, which is not allowed");
  bool fits = text.len > 0 && text.len < sizeof c_text && !memchr(text.ptr, 0, text.len);
  if (fits) {
    memcpy(c_text, text.ptr, text.len);
    c_text[text.len] = 0;
  }
  if (!fits || inet_pton(six ? AF_INET6 : AF_INET, c_text, out->bytes) != 1)
    return fails(err, what, text, "is not an address");
  out->count = six ? 16 : 4;
  if (six && memcmp(out->bytes, MAPPED, sizeof MAPPED) == 0) {
    memmove(out->bytes, out->bytes + 12, 4);
    out->count = 4;
  }
  out->prefix = out->count * 8;
  return true;
}

static bool read_range(Str text, Address *out, Error *err) {
  Str head, tail;
  u64 prefix = 0;
  if (!str_cut(text, '/', &head, &tail)) return fails(err, "cidr()", text, "has no prefix length, such as /24");
  if (!read_address(head, "cidr()", out, err)) return false;
  if (!str_to_u64(tail, out->count * 8, &prefix) || (tail.len > 1 && tail.ptr[0] == '0'))
    return fails(err, "cidr()", text, "has no good prefix length");
  out->prefix = (u32)prefix;
  return true;
}

static Value make(CelCall *call, const Address *a, bool range) {
  char text[INET6_ADDRSTRLEN];
  (void)inet_ntop(a->count == 4 ? AF_INET : AF_INET6, a->bytes, text, sizeof text);
  Str out = range ? str_format(call->arena, "%s/%u", text, a->prefix) : str_copy(call->arena, str_from_c(text));
  Value v = value_string(out);
  v.flags = range ? CEL_FLAG_CIDR : CEL_FLAG_IP;
  return v;
}

/* The address or range in an argument, which may be plain text. */
static bool argument(CelCall *call, const Value *v, bool range, Address *out, Value *fault) {
  Error err = {0};
  bool ok = range ? read_range(value_text(v), out, &err) : read_address(value_text(v), "ip()", out, &err);
  if (!ok) *fault = cel_fault(call, "%s", err.message);
  return ok;
}

static Value do_ip(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Address a;
  Value fault;
  return argument(call, &args[0], false, &a, &fault) ? make(call, &a, false) : fault;
}

static Value do_cidr(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Address a;
  Value fault;
  return argument(call, &args[0], true, &a, &fault) ? make(call, &a, true) : fault;
}

static Value do_is_ip(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  Address a;
  return value_bool(read_address(value_text(&args[0]), "", &a, NULL));
}

static Value do_is_cidr(CelCall *call, const Value *args, u32 count) {
  (void)call, (void)count;
  Address a;
  return value_bool(read_range(value_text(&args[0]), &a, NULL));
}

static Value do_is_canonical(CelCall *call, const Value *args, u32 count) {
  Value canonical = do_ip(call, args, count);
  return canonical.kind == VALUE_STRING ? value_bool(str_equal(value_text(&canonical), value_text(&args[0])))
                                        : canonical;
}

static bool all_zero(const u8 *bytes, u32 count) {
  for (u32 i = 0; i < count; i++)
    if (bytes[i]) return false;
  return true;
}

static bool is_unspecified(const Address *a) {
  return all_zero(a->bytes, a->count);
}

static bool is_loopback(const Address *a) {
  return a->count == 4 ? a->bytes[0] == 127 : all_zero(a->bytes, 15) && a->bytes[15] == 1;
}

static bool is_multicast(const Address *a) {
  return a->count == 4 ? a->bytes[0] >> 4 == 14 : a->bytes[0] == 0xFF;
}

static bool is_local_multicast(const Address *a) {
  if (a->count == 4) return a->bytes[0] == 224 && a->bytes[1] == 0 && a->bytes[2] == 0;
  return a->bytes[0] == 0xFF && (a->bytes[1] & 0x0F) == 2;
}

static bool is_local_unicast(const Address *a) {
  if (a->count == 4) return a->bytes[0] == 169 && a->bytes[1] == 254;
  return a->bytes[0] == 0xFE && (a->bytes[1] & 0xC0) == 0x80;
}

static bool is_global_unicast(const Address *a) {
  bool broadcast = a->count == 4 && memcmp(a->bytes, "\xFF\xFF\xFF\xFF", 4) == 0;
  return !broadcast && !is_unspecified(a) && !is_loopback(a) && !is_multicast(a) && !is_local_unicast(a);
}

#define QUESTION(name, predicate)                                                                                      \
  static Value name(CelCall *call, const Value *args, u32 count) {                                                     \
    (void)count;                                                                                                       \
    Address a;                                                                                                         \
    Value fault;                                                                                                       \
    return argument(call, &args[0], false, &a, &fault) ? value_bool(predicate(&a)) : fault;                            \
  }
QUESTION(do_is_unspecified, is_unspecified)
QUESTION(do_is_loopback, is_loopback)
QUESTION(do_is_local_multicast, is_local_multicast)
QUESTION(do_is_local_unicast, is_local_unicast)
QUESTION(do_is_global_unicast, is_global_unicast)
#undef QUESTION

static Value do_family(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Address a;
  Value fault;
  return argument(call, &args[0], false, &a, &fault) ? value_int(a.count == 4 ? 4 : 6) : fault;
}

static void mask(Address *a, u32 prefix) {
  for (u32 i = 0; i < a->count; i++) {
    u32 kept = prefix > i * 8 ? MIN(prefix - i * 8, 8u) : 0;
    a->bytes[i] &= (u8)(0xFF00u >> kept);
  }
}

static bool contains(Address range, Address a) {
  if (range.count != a.count) return false;
  mask(&range, range.prefix);
  mask(&a, range.prefix);
  return memcmp(range.bytes, a.bytes, a.count) == 0;
}

static Value do_contains_ip(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Address range, a;
  Value fault;
  if (!argument(call, &args[0], true, &range, &fault) || !argument(call, &args[1], false, &a, &fault)) return fault;
  return value_bool(contains(range, a));
}

static Value do_contains_cidr(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Address range, a;
  Value fault;
  if (!argument(call, &args[0], true, &range, &fault) || !argument(call, &args[1], true, &a, &fault)) return fault;
  return value_bool(a.prefix >= range.prefix && contains(range, a));
}

static Value do_cidr_ip(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Address a;
  Value fault;
  return argument(call, &args[0], true, &a, &fault) ? make(call, &a, false) : fault;
}

static Value do_masked(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Address a;
  Value fault;
  if (!argument(call, &args[0], true, &a, &fault)) return fault;
  mask(&a, a.prefix);
  return make(call, &a, true);
}

static Value do_prefix_length(CelCall *call, const Value *args, u32 count) {
  (void)count;
  Address a;
  Value fault;
  return argument(call, &args[0], true, &a, &fault) ? value_int(a.prefix) : fault;
}

static const CelFn ROWS[] = {
    {"ip", "(string) -> net.IP; (net.IP) -> net.IP", do_ip, "Address of a text.", .cost = 40},
    {"ip", "net.CIDR.() -> net.IP", do_cidr_ip, "Address of a range."},
    {"isIP", "(string) -> bool", do_is_ip, "Whether the text is an address.", .cost = 40},
    {"ip.isCanonical", "(string) -> bool", do_is_canonical, "Whether the address is written the usual way.",
     .cost = 40},
    {"cidr", "(string) -> net.CIDR; (net.CIDR) -> net.CIDR", do_cidr, "Range of a text, such as 10.0.0.0/8.",
     .cost = 40},
    {"isCIDR", "(string) -> bool", do_is_cidr, "Whether the text is a range.", .cost = 40},
    {"family", "net.IP.() -> int", do_family, "4 or 6."},
    {"isUnspecified", "net.IP.() -> bool", do_is_unspecified, "0.0.0.0 or ::."},
    {"isLoopback", "net.IP.() -> bool", do_is_loopback, "127.0.0.0/8 or ::1."},
    {"isGlobalUnicast", "net.IP.() -> bool", do_is_global_unicast, "An ordinary address, private ones too."},
    {"isLinkLocalMulticast", "net.IP.() -> bool", do_is_local_multicast, "224.0.0.0/24 or ff02::."},
    {"isLinkLocalUnicast", "net.IP.() -> bool", do_is_local_unicast, "169.254.0.0/16 or fe80::/10."},
    {"containsIP", "net.CIDR.(net.IP) -> bool; net.CIDR.(string) -> bool", do_contains_ip,
     "Whether the address is inside.", .cost = 40},
    {"containsCIDR", "net.CIDR.(net.CIDR) -> bool; net.CIDR.(string) -> bool", do_contains_cidr,
     "Whether the range is inside.", .cost = 40},
    {"masked", "net.CIDR.() -> net.CIDR", do_masked, "The range from its first address.", .cost = 40},
    {"prefixLength", "net.CIDR.() -> int", do_prefix_length, "Bits of the prefix."},
};

const CelLibrary LIB_NETWORK = {"networks", ROWS, COUNT(ROWS)};
