/* Addresses and ranges of them. */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { ENTRY_BYTES_MAX = INET6_ADDRSTRLEN };

static const AddressRange IPV4_MAPPED = V4(0, 0, 0, 0, 0);

bool address_range_has(const AddressRange *range, const u8 address[ADDRESS_BYTES]) {
  size_t whole = range->bits / 8;
  u32 rest = range->bits % 8;
  if (memcmp(range->bytes, address, whole) != 0) return false;
  return rest == 0 || ((range->bytes[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

bool address_is_ipv4(const u8 address[ADDRESS_BYTES]) {
  return address_range_has(&IPV4_MAPPED, address);
}

void address_put_ipv4(const void *four, u8 out[ADDRESS_BYTES]) {
  memcpy(out, IPV4_MAPPED.bytes, ADDRESS_BYTES);
  memcpy(out + 12, four, 4);
}

bool address_ranges_have(const AddressRange *ranges, size_t count, const u8 address[ADDRESS_BYTES]) {
  bool ipv4 = address_is_ipv4(address);
  for (size_t i = 0; i < count; i++) {
    if (ipv4 && ranges[i].bits < IPV4_PREFIX_BITS) continue;
    if (address_range_has(&ranges[i], address)) return true;
  }
  return false;
}

bool address_parse(const char *text, u8 out[ADDRESS_BYTES], bool *out_ipv4) {
  struct in_addr four;
  *out_ipv4 = inet_pton(AF_INET, text, &four) == 1;
  if (!*out_ipv4) return inet_pton(AF_INET6, text, out) == 1;
  address_put_ipv4(&four, out);
  return true;
}

/* Bits after the prefix must be zero: 10.1.2.3/8 is more likely a slip than a wish. */
static bool range_is_clean(const AddressRange *range) {
  for (u32 bit = range->bits; bit < ADDRESS_BYTES * 8; bit++)
    if (range->bytes[bit / 8] & (0x80u >> (bit % 8))) return false;
  return true;
}

static bool range_parse(Str entry, AddressRange *out, Error *err) {
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

bool address_ranges_parse(Str list, AddressRange *out, size_t max, size_t *out_count, Error *err) {
  Str head, tail = list;
  bool more = !str_is_blank(list);
  size_t count = 0;
  while (more) {
    more = str_cut(tail, ',', &head, &tail);
    if (count == max) return fail(err, ERR_INVALID, "more than %zu address ranges", max);
    if (!range_parse(str_trim(head), &out[count], err)) return false;
    count++;
  }
  *out_count = count;
  return true;
}
