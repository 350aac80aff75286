/* Who is behind a proxy: only what a trusted proxy wrote is believed. */
#include "net/proxies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

typedef struct Case {
  const char *trusted, *peer;
  const char *first, *second; /* two headers X-Forwarded-For; NULL: not there */
  const char *proto;
  const char *client;
  bool https;
} Case;

static const Case CASES[] = {
    /* nobody is trusted: whatever is written */
    {NULL, "192.0.2.9", "198.51.100.1", NULL, "https", "192.0.2.9", false},
    {"10.0.0.0/8", "192.0.2.9", "198.51.100.1", NULL, "https", "192.0.2.9", false},
    /* one proxy */
    {"10.0.0.0/8", "10.1.1.1", "198.51.100.1", NULL, "https", "198.51.100.1", true},
    {"10.0.0.0/8", "10.1.1.1", "198.51.100.1", NULL, NULL, "198.51.100.1", false},
    {"10.0.0.0/8", "10.1.1.1", NULL, NULL, NULL, "10.1.1.1", false},
    /* what stands left of the first untrusted address is the sender's own writing */
    {"10.0.0.0/8", "10.1.1.1", "127.0.0.1, 203.0.113.7", NULL, NULL, "203.0.113.7", false},
    {"10.0.0.0/8", "10.1.1.1", "1.1.1.1, 203.0.113.7 , 10.2.2.2", NULL, NULL, "203.0.113.7", false},
    {"10.0.0.0/8", "10.1.1.1", "1.1.1.1", "203.0.113.7, 10.2.2.2", NULL, "203.0.113.7", false},
    {"10.0.0.0/8", "10.1.1.1", "203.0.113.7", "10.2.2.2", NULL, "203.0.113.7", false},
    /* only proxies: the farthest */
    {"10.0.0.0/8", "10.1.1.1", "10.3.3.3, 10.2.2.2", NULL, NULL, "10.3.3.3", false},
    /* what is no address ends the walk */
    {"10.0.0.0/8", "10.1.1.1", "unknown", NULL, NULL, "10.1.1.1", false},
    {"10.0.0.0/8", "10.1.1.1", "203.0.113.7, _hidden, 10.2.2.2", NULL, NULL, "10.2.2.2", false},
    {"10.0.0.0/8", "10.1.1.1", "", NULL, NULL, "10.1.1.1", false},
    {"10.0.0.0/8", "10.1.1.1", ",,,", NULL, NULL, "10.1.1.1", false},
    /* ports and IPv6 */
    {"10.0.0.0/8", "10.1.1.1", "203.0.113.7:4711", NULL, NULL, "203.0.113.7", false},
    {"::1,fd00::/8", "::1", "2001:db8::7", NULL, NULL, "2001:db8::7", false},
    {"::1,fd00::/8", "::1", "[2001:db8::7]:4711, fd00::2", NULL, "HTTPS", "2001:db8::7", true},
    {"127.0.0.1", "::ffff:127.0.0.1", "203.0.113.7", NULL, NULL, "203.0.113.7", false},
    /* the nearest proxy's word on the scheme */
    {"10.0.0.0/8", "10.1.1.1", "203.0.113.7", NULL, "https, http", "203.0.113.7", false},
};

static void add_header(HttpRequest *request, HttpHeader *headers, const char *name, const char *value) {
  if (value) headers[request->header_count++] = (HttpHeader){str_from_c(name), str_from_c(value)};
}

static void cases(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    const Case *c = &CASES[i];
    Proxies *proxies = NULL;
    Error err = {0};
    HttpHeader headers[4];
    HttpRequest request = {.headers = headers, .peer = str_from_c(c->peer)};
    add_header(&request, headers, "x-forwarded-for", c->first);
    add_header(&request, headers, "Accept", "text/plain");
    add_header(&request, headers, "X-Forwarded-For", c->second);
    add_header(&request, headers, "X-Forwarded-Proto", c->proto);
    assert_true(proxies_new(c->trusted, &proxies, &err));
    proxies_find_client(proxies, &request);
    if (!str_equal_c(request.client, c->client) || request.https != c->https)
      print_error("case %zu: %.*s\n", i, STR_ARG(request.client));
    assert_true(str_equal_c(request.client, c->client));
    assert_int_equal(request.https, c->https);
    proxies_free(proxies);
  }
}

static void a_wrong_range_is_named(void **state) {
  Proxies *proxies = NULL;
  Error err = {0};
  (void)state;
  assert_false(proxies_new("10.0.0.0/8,10.1.2.3/8", &proxies, &err));
  assert_non_null(strstr(err.message, "--trusted-proxies"));
  assert_non_null(strstr(err.message, "10.1.2.3/8"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(cases), cmocka_unit_test(a_wrong_range_is_named)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
