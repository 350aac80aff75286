/* X-Forwarded-For and X-Forwarded-Proto, from whom they may be believed. */
#include "net/proxies.h"

#include <stdlib.h>
#include <string.h>

#include "net/address.h"

enum { PROXIES_MAX = 64, HOPS_MAX = 32, TEXT_MAX = 64 };

struct Proxies {
  AddressRange ranges[PROXIES_MAX];
  size_t count;
};

bool proxies_new(const char *list, Proxies **out, Error *err) {
  Proxies *proxies = xcalloc(1, sizeof *proxies);
  if (!address_ranges_parse(str_from_c(list), proxies->ranges, PROXIES_MAX, &proxies->count, err)) {
    proxies_free(proxies);
    return error_prefix(err, "--trusted-proxies: ");
  }
  *out = proxies;
  return true;
}

void proxies_free(Proxies *proxies) {
  free(proxies);
}

/* "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]:4711" without the port. */
static Str without_port(Str text) {
  size_t colon = str_find_char(text, ':', 0), close = str_find_char(text, ']', 0);
  if (text.len && text.ptr[0] == '[') return close == SIZE_MAX ? STR_NONE : str_slice(text, 1, close);
  if (colon == SIZE_MAX || str_find_char(text, ':', colon + 1) != SIZE_MAX) return text;
  return str_slice(text, 0, colon);
}

static bool parse(Str text, u8 out[ADDRESS_BYTES]) {
  char copy[TEXT_MAX];
  bool ipv4 = false;
  if (text.len == 0 || text.len >= sizeof copy) return false;
  memcpy(copy, text.ptr, text.len);
  copy[text.len] = 0;
  return address_parse(copy, out, &ipv4);
}

static bool is_trusted(const Proxies *proxies, Str address) {
  u8 bytes[ADDRESS_BYTES];
  return proxies && parse(address, bytes) && address_ranges_have(proxies->ranges, proxies->count, bytes);
}

/* The i-th entry from the right, over all headers of the name; false when there are no more. */
static bool entry_from_right(const HttpRequest *request, const char *name, size_t i, Str *out) {
  for (size_t h = request->header_count; h > 0; h--) {
    const HttpHeader *header = &request->headers[h - 1];
    if (!str_equal_nocase(header->name, str_from_c(name))) continue;
    size_t end = header->value.len;
    for (;;) {
      size_t start = end;
      while (start > 0 && header->value.ptr[start - 1] != ',') start--;
      if (i-- == 0) return *out = str_trim(str_slice(header->value, start, end)), true;
      if (start == 0) break;
      end = start - 1;
    }
  }
  return false;
}

/* An entry that is no address ends the walk: the proxy that wrote it is the last that we know of. */
void proxies_find_client(const Proxies *proxies, HttpRequest *request) {
  Str entry, proto;
  u8 bytes[ADDRESS_BYTES];
  request->client = request->peer;
  request->https = request->tls;
  if (!is_trusted(proxies, request->peer)) return;
  if (entry_from_right(request, "X-Forwarded-Proto", 0, &proto)) request->https = str_equal_nocase(proto, S("https"));
  for (size_t i = 0; i < HOPS_MAX && entry_from_right(request, "X-Forwarded-For", i, &entry); i++) {
    Str address = without_port(entry);
    if (!parse(address, bytes)) return;
    request->client = address;
    if (!is_trusted(proxies, address)) return;
  }
}
