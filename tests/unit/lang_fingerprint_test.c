/* The fingerprint of labels is Prometheus' own: the expected ones were computed outside, by its algorithm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lang/fingerprint.h"
#include "lang/json.h"

#include <cmocka.h>

typedef struct Case {
  const char *labels, *fingerprint;
} Case;

static const Case CASES[] = {
    {"{}", ""},
    {"{\"a\":\"\",\"b\":null}", ""},
    {"{\"a\":\"1\",\"b\":\"2\"}", "1cc37fac8a64ae01"},
    {"{\"b\":\"2\",\"a\":\"1\"}", "1cc37fac8a64ae01"},
    {"{\"b\":\"2\",\"c\":\"\",\"a\":\"1\"}", "1cc37fac8a64ae01"},
    {"{\"a\":1,\"b\":2}", "1cc37fac8a64ae01"},
    {"{\"alertname\":\"Bench\",\"job\":\"node\",\"severity\":\"warning\"}", "94ae25d3d3eaaa2e"},
    {"{\"severity\":\"warning\",\"job\":\"node\",\"alertname\":\"Bench\"}", "94ae25d3d3eaaa2e"},
    {"{\"job\":\"node\",\"alertname\":\"Bench\",\"severity\":\"warning\"}", "94ae25d3d3eaaa2e"},
    {"{\"a\":\"2200\"}", "0090bf14bcf8e06a"},
};

static void labels_have_prometheus_fingerprint_in_any_order(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    CLEANUP(arena_freep) Arena *arena = arena_new();
    Value labels = value_null();
    Error err = {0};
    assert_true(json_parse(arena, str_from_c(CASES[i].labels), NULL, &labels, &err));
    assert_string_equal(str_to_c(arena, label_fingerprint(arena, &labels)), CASES[i].fingerprint);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(labels_have_prometheus_fingerprint_in_any_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
