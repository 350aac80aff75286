/* The guard against private targets, as tables: both ends of each range, their neighbours, and every disguise. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

/* Before cmocka, whose macro hides fail(). */
#include "net/outbound_guard.h"

#include <cmocka.h>

static OutboundGuard *guard_of(const char *allow) {
  OutboundGuard *guard = NULL;
  Error err = {0};
  if (!outbound_guard_new(allow, &guard, &err)) fail_msg("%s", err.message);
  return guard;
}

static void expect(const OutboundGuard *guard, const char *address, bool permitted) {
  if (outbound_guard_permits_text(guard, address) != permitted)
    fail_msg("%s should be %s", address, permitted ? "permitted" : "refused");
}

/* First and last address of what is refused; "" where the neighbour is refused as well. */
static const struct {
  const char *first, *last, *before, *after;
} RANGES4[] = {
    {"0.0.0.0", "0.255.255.255", "", "1.0.0.0"},
    {"10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
    {"100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"},
    {"127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"},
    {"169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"},
    {"172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"},
    {"192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"},
    {"192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"},
    {"192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"},
    {"192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"},
    {"198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"},
    {"198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"},
    {"203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"},
    {"224.0.0.0", "239.255.255.255", "223.255.255.255", ""},
    {"240.0.0.0", "255.255.255.255", "", ""},
};

/* How an IPv4 address may be dressed as IPv6. */
static void dress(size_t form, const char *ipv4, char *out, size_t bytes) {
  struct in_addr a;
  assert_int_equal(inet_pton(AF_INET, ipv4, &a), 1);
  u32 n = ntohl(a.s_addr);
  if (form == 0) (void)snprintf(out, bytes, "%s", ipv4);
  if (form == 1) (void)snprintf(out, bytes, "::ffff:%s", ipv4);
  if (form == 2) (void)snprintf(out, bytes, "64:ff9b::%s", ipv4);
  if (form == 3) (void)snprintf(out, bytes, "2002:%x:%x::1", n >> 16, n & 0xffff);
}

static void expect_dressed(const OutboundGuard *guard, const char *ipv4, bool permitted) {
  if (ipv4[0] == '\0') return;
  for (size_t form = 0; form < 4; form++) {
    char text[64];
    dress(form, ipv4, text, sizeof(text));
    expect(guard, text, permitted);
  }
}

static void ipv4_ranges_are_refused_in_every_dress(void **state) {
  (void)state;
  OutboundGuard *guard = guard_of(NULL);
  for (size_t i = 0; i < COUNT(RANGES4); i++) {
    expect_dressed(guard, RANGES4[i].first, false);
    expect_dressed(guard, RANGES4[i].last, false);
    expect_dressed(guard, RANGES4[i].before, true);
    expect_dressed(guard, RANGES4[i].after, true);
  }
  outbound_guard_free(guard);
}

/* Private nets at every /16 and a spread of hosts: no hole in the middle. */
static void no_private_range_has_a_hole(void **state) {
  (void)state;
  OutboundGuard *guard = guard_of("");
  static const char *const FORMATS[] = {"10.%u.7.1", "127.%u.0.1", "192.168.%u.9", "169.254.%u.254", "224.%u.0.251"};
  for (unsigned n = 0; n < 256; n++)
    for (size_t i = 0; i < COUNT(FORMATS); i++) {
      char text[32];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
      (void)snprintf(text, sizeof(text), FORMATS[i], n);
#pragma GCC diagnostic pop
      expect_dressed(guard, text, false);
    }
  outbound_guard_free(guard);
}

static const struct {
  const char *address;
  bool permitted;
} IPV6[] = {
    {"::", false},
    {"::1", false},
    {"::2", false},
    {"::7f00:1", false}, /* IPv4-compatible */
    {"::808:808", false},
    {"64:ff9b:1::808:808", false}, /* local NAT64 */
    {"64:ff9b:0:0:0:1:808:808", false},
    {"100::1", false}, /* discard */
    {"1fff:ffff::1", false},
    {"2000::1", true},
    {"2001::1", false},             /* Teredo */
    {"2001:0:4136:e378::1", false}, /* Teredo */
    {"2001:10::1", false},          /* ORCHID */
    {"2001:1ff:ffff::1", false},
    {"2001:200::1", true},
    {"2001:4860:4860::8888", true},
    {"2001:db7:ffff::1", true},
    {"2001:db8::1", false},
    {"2001:db8:ffff:ffff::1", false},
    {"2001:db9::1", true},
    {"2002:7f00:1::", false},
    {"2002:a9fe:a9fe::1", false}, /* 6to4 of 169.254.169.254 */
    {"2606:4700:4700::1111", true},
    {"3ffe:ffff::1", true},
    {"3fff::1", false},
    {"3fff:fff:ffff::1", false},
    {"3fff:1000::1", true},
    {"4000::1", false},
    {"fbff::1", false},
    {"fc00::1", false},
    {"fd12:3456:789a::1", false},
    {"fd00:ec2::254", false}, /* cloud metadata */
    {"fdff:ffff::1", false},
    {"fe00::1", false},
    {"fe80::1", false},
    {"febf::1", false},
    {"fec0::1", false},
    {"ff02::1", false},
    {"ff0e::1", false},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"::ffff:0:7f00:1", false}, /* IPv4-translated */
    {"fe80::1%lo", false},
    {"", false},
    {"example.org", false},
    {"127.1", false},
    {"1.1.1.1 ", false},
};

static void ipv6_is_public_only_inside_global_unicast(void **state) {
  (void)state;
  OutboundGuard *guard = guard_of(NULL);
  for (size_t i = 0; i < COUNT(IPV6); i++) expect(guard, IPV6[i].address, IPV6[i].permitted);
  outbound_guard_free(guard);
}

static const struct {
  const char *allow, *address;
  bool permitted;
} ALLOWED[] = {
    {"10.0.0.0/8", "10.1.2.3", true},
    {"10.0.0.0/8", "::ffff:10.1.2.3", true},
    {"10.0.0.0/8", "64:ff9b::10.1.2.3", true},
    {"10.0.0.0/8", "2002:a01:203::1", true},
    {"10.0.0.0/8", "11.0.0.1", true},
    {"10.0.0.0/8", "127.0.0.1", false},
    {"10.0.0.0/8", "169.254.169.254", false},
    {" 127.0.0.0/8 , ::1 ", "127.0.0.1", true},
    {" 127.0.0.0/8 , ::1 ", "::1", true},
    {" 127.0.0.0/8 , ::1 ", "::2", false},
    {"192.168.1.7", "192.168.1.7", true},
    {"192.168.1.7", "192.168.1.8", false},
    {"192.168.1.6/31", "192.168.1.7", true},
    {"192.168.1.6/31", "192.168.1.5", false},
    {"0.0.0.0/0", "127.0.0.1", true},
    {"0.0.0.0/0", "::1", false},
    {"0.0.0.0/0", "fd00::1", false},
    {"::/0", "fd00::1", true},
    {"::/0", "127.0.0.1", false},
    {"::/0", "::ffff:127.0.0.1", false},
    {"::ffff:10.0.0.0/104", "10.0.0.1", true},
    {"fd00::/8", "fd12::1", true},
    {"fd00::/8", "fc00::1", false},
    {"fe80::/10", "febf::1", true},
};

static void allowed_ranges_open_exactly_what_they_say(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(ALLOWED); i++) {
    OutboundGuard *guard = guard_of(ALLOWED[i].allow);
    if (outbound_guard_permits_text(guard, ALLOWED[i].address) != ALLOWED[i].permitted)
      fail_msg("row %zu: allow %s, address %s", i, ALLOWED[i].allow, ALLOWED[i].address);
    outbound_guard_free(guard);
  }
}

static const char *const MALFORMED[] = {
    "x",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "10.0.0.1/8",
    "10.0.0.0/8,",
    ",",
    "fd00::/129",
    "fd00::1/8",
    "10.0.0/8",
    "010.0.0.0/8",
    "localhost",
    "10.0.0.0/8;::1",
    "10.0.0.0 /8",
    "[::1]",
    "::1%lo",
    "10.0.0.0/8/8",
    "/8",
    "10.0.0.0/+8",
    "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19",
};

static void malformed_allow_lists_are_refused_with_a_sentence(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(MALFORMED); i++) {
    OutboundGuard *guard = NULL;
    Error err = {0};
    if (outbound_guard_new(MALFORMED[i], &guard, &err)) fail_msg("accepted: %s", MALFORMED[i]);
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.message, "outbound-allow"));
    assert_null(guard);
  }
}

static void allow_list_has_a_ceiling(void **state) {
  (void)state;
  char list[8 * 300] = "";
  OutboundGuard *guard = NULL;
  Error err = {0};
  for (size_t i = 0; i < 257; i++) memcpy(list + i * 8, "1.2.3.4,", 8);
  list[256 * 8 - 1] = '\0';
  assert_true(outbound_guard_new(list, &guard, &err));
  outbound_guard_free(guard);
  list[256 * 8 - 1] = ',';
  list[257 * 8 - 1] = '\0';
  assert_false(outbound_guard_new(list, &guard, &err));
}

static void socket_addresses_are_judged_like_texts(void **state) {
  (void)state;
  OutboundGuard *guard = guard_of("127.0.0.0/8");
  struct sockaddr_in four = {.sin_family = AF_INET};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6};
  struct sockaddr_un local = {.sun_family = AF_UNIX};
  inet_pton(AF_INET, "127.0.0.1", &four.sin_addr);
  assert_true(outbound_guard_permits(guard, (struct sockaddr *)&four));
  inet_pton(AF_INET, "10.0.0.1", &four.sin_addr);
  assert_false(outbound_guard_permits(guard, (struct sockaddr *)&four));
  inet_pton(AF_INET6, "::1", &six.sin6_addr);
  assert_false(outbound_guard_permits(guard, (struct sockaddr *)&six));
  inet_pton(AF_INET6, "2606:4700:4700::1111", &six.sin6_addr);
  assert_true(outbound_guard_permits(guard, (struct sockaddr *)&six));
  assert_false(outbound_guard_permits(guard, (struct sockaddr *)&local));
  outbound_guard_free(guard);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ipv4_ranges_are_refused_in_every_dress),
      cmocka_unit_test(no_private_range_has_a_hole),
      cmocka_unit_test(ipv6_is_public_only_inside_global_unicast),
      cmocka_unit_test(allowed_ranges_open_exactly_what_they_say),
      cmocka_unit_test(malformed_allow_lists_are_refused_with_a_sentence),
      cmocka_unit_test(allow_list_has_a_ceiling),
      cmocka_unit_test(socket_addresses_are_judged_like_texts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
