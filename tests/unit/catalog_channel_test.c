/* Channels: addresses, what a message looks like with much, little and hostile context, and what answers mean. */
#include "unit/catalog_fixture.h"

typedef struct World {
  Arena *arena;
  ZoneDb *zones;
  Catalog *catalog;
} World;

static int set_up(void **state) {
  World *w = xcalloc(1, sizeof *w);
  w->arena = arena_new();
  w->catalog = load_catalog(&w->zones);
  *state = w;
  return 0;
}

static int tear_down(void **state) {
  World *w = *state;
  catalog_free(w->catalog);
  zone_db_free(w->zones);
  arena_free(w->arena);
  free(w);
  return 0;
}

static const Channel *channel(World *w, const char *name) {
  const Channel *found = channel_find(w->catalog, str_from_c(name));
  assert_non_null(found);
  return found;
}

static const char FULL[] =
    "{\"address\":\"https://ntfy.example.org/alerts/my-topic\",\"title\":\"Disk <b> full \\u00fc\\r\\nBcc: "
    "evil\",\"headline\":\"Disk <b> full "
    "\\u00fc\\r\\nBcc: evil\",\"text\":\"no & bytes "
    "\\\"left\\\"\",\"urgency\":\"high\",\"priority\":\"p1\",\"status\":\"triggered\",\"service\":"
    "\"db\",\"team\":\"ops\",\"since\":\"Mon 5 Jan 2026, 09:00 CET "
    "(2026-01-05T08:00:00Z)\",\"ack_url\":\"https://t.example.org/ack/"
    "abc-_1\",\"repeated\":true,\"user\":{\"name\":\"Ann\"},\"page\":{\"id\":\"pag_1\"},\"notification\":{\"id\":\"ntf_"
    "1\"},\"links\":[{\"href\":"
    "\"https://x.example/"
    "?a=1&b=2\",\"title\":\"Graph\"}],\"alert\":{\"number\":\"ALERT-7\",\"title\":\"Disk\",\"label_list\":[{\"name\":"
    "\"host\","
    "\"value\":\"db1\"}]},\"also_told\":[{\"name\":\"Bob\",\"kind\":\"sms\",\"status\":\"sent\"}],\"storm\":[{"
    "\"title\":\"One\"},{\"title\":\"Two\"}],"
    "\"storm_count\":2}";
static const char LITTLE[] = "{\"address\":\"https://example.org/hook\",\"title\":\"T\",\"links\":null,\"alert\":null}";

static ChannelMessage render(World *w, const char *name, const char *json) {
  Value context;
  ChannelMessage message = {0};
  Error err = {0};
  assert_true(json_parse(w->arena, str_from_c(json), NULL, &context, &err));
  if (!channel_render(channel(w, name), w->arena, &context, &message, &err))
    fail_msg("%s: %s\n%s", name, err.message, err.detail);
  return message;
}

static bool has(Str text, const char *part) {
  return str_find(text, str_from_c(part), 0) != SIZE_MAX;
}

static Str header(const ChannelMessage *message, const char *start) {
  for (size_t i = 0; i < message->header_count; i++)
    if (str_starts_with(message->headers[i], str_from_c(start))) return message->headers[i];
  return STR_NONE;
}

static void addresses_are_checked(void **state) {
  static const struct {
    const char *channel, *address;
    bool good;
  } CASES[] = {
      {"email", "ann@example.org", true},
      {"email", "ann.o'neil+x@mail.example.co.uk", true},
      {"email", "ann@localhost", true},
      {"email", "ann", false},
      {"email", "ann@", false},
      {"email", "@example.org", false},
      {"email", "Ann <ann@example.org>", false},
      {"email", "ann@example.org,bob@example.org", false},
      {"email", "ann@example.org\r\nBcc: x@y.z", false},
      {"email", "", false},
      {"webhook", "https://example.org/hook?x=1", true},
      {"webhook", "http://127.0.0.1:8080/a", true},
      {"webhook", "http://user:pass@example.org/", false},
      {"webhook", "ftp://example.org", false},
      {"webhook", "javascript:alert(1)", false},
      {"webhook", "https://", false},
      {"ntfy", "https://ntfy.sh/my-topic_1", true},
      {"ntfy", "http://127.0.0.1:81/base/topic", true},
      {"ntfy", "https://ntfy.sh/", false},
      {"ntfy", "https://ntfy.sh/a?b", false},
      {"ntfy", "my-topic", false},
  };
  World *w = *state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Error err = {0};
    bool ok = channel_check_address(channel(w, CASES[i].channel), str_from_c(CASES[i].address), &err);
    if (ok != CASES[i].good) fail_msg("%s %s", CASES[i].channel, CASES[i].address);
    if (!ok) assert_non_null(strstr(err.message, "one looks like"));
  }
}

static void a_webhook_is_json_with_everything(void **state) {
  World *w = *state;
  Value json;
  Error err = {0};
  ChannelMessage m = render(w, "webhook", FULL);
  if (!json_parse(w->arena, m.body, NULL, &json, &err)) fail_msg("%s in %.*s", err.message, STR_ARG(m.body));
  assert_true(str_equal(m.method, S("POST")) && str_equal(m.url, S("https://ntfy.example.org/alerts/my-topic")));
  assert_true(str_equal(value_text(value_get_c(&json, "text")), S("no & bytes \"left\"")));
  assert_true(str_equal(value_text(value_get_c(&json, "ack_url")), S("https://t.example.org/ack/abc-_1")));
  assert_true(value_bool_or(value_get_c(&json, "repeated"), false));
  assert_true(str_equal(value_text(value_pointer(&json, S("/alert/number"))), S("ALERT-7")));
  assert_true(str_equal(header(&m, "Idempotency-Key"), S("Idempotency-Key: ntf_1")));
  m = render(w, "webhook", LITTLE);
  if (!json_parse(w->arena, m.body, NULL, &json, &err)) fail_msg("%s in %.*s", err.message, STR_ARG(m.body));
  assert_true(value_is(value_get_c(&json, "priority"), VALUE_NULL) &&
              value_is(value_get_c(&json, "alert"), VALUE_NULL));
  assert_true(str_equal(value_text(value_get_c(&json, "headline")), S("T")));
  assert_int_equal(header(&m, "Idempotency-Key").len, 0);
}

static void ntfy_has_buttons_and_plain_headers(void **state) {
  World *w = *state;
  ChannelMessage m = render(w, "ntfy", FULL);
  assert_true(str_equal(m.url, S("https://ntfy.example.org/alerts/my-topic")));
  assert_true(str_starts_with(header(&m, "Title"), S("Title: =?UTF-8?B?")));
  assert_true(str_equal(header(&m, "Priority"), S("Priority: 5")));
  assert_true(str_equal(header(&m, "Click"), S("Click: https://t.example.org/ack/abc-_1")));
  Str actions = header(&m, "Actions");
  assert_true(has(actions, "http, Acknowledge, \"https://t.example.org/ack/abc-_1\", method=POST") &&
              has(actions, "body=\"action=acknowledge\""));
  assert_true(has(actions, "; view, Open, \"https://t.example.org/ack/abc-_1\""));
  assert_true(has(m.body, "no & bytes \"left\"") && has(m.body, "Service: db") &&
              has(m.body, "Also told: Bob (sms, sent)"));
  for (size_t i = 0; i < m.header_count; i++)
    for (size_t k = 0; k < m.headers[i].len; k++)
      assert_true((u8)m.headers[i].ptr[k] >= ' ' && (u8)m.headers[i].ptr[k] < 0x7f);
  m = render(w, "ntfy", LITTLE);
  assert_true(str_equal(header(&m, "Title"), S("Title: T")) && header(&m, "Actions").len == 0 &&
              header(&m, "Click").len == 0);
}

static void a_mail_is_text_and_html(void **state) {
  World *w = *state;
  ChannelMessage m = render(w, "email", FULL);
  assert_true(has(m.subject, "[P1] Disk <b> full") && has(m.subject, "(may be repeated)"));
  assert_true(str_find_char(m.subject, '\n', 0) == SIZE_MAX && str_find_char(m.subject, '\r', 0) == SIZE_MAX);
  assert_true(has(m.text, "Acknowledge: https://t.example.org/ack/abc-_1") && has(m.text, "no & bytes") &&
              has(m.text, "host: db1"));
  assert_true(has(m.text, "Graph https://x.example/?a=1&b=2") && has(m.text, "- One") &&
              has(m.text, "(may be repeated)"));
  assert_true(has(m.html, "Disk &lt;b&gt; full") && !has(m.html, "<b>") && has(m.html, "no &amp; bytes"));
  assert_true(has(m.html, "href=\"https://t.example.org/ack/abc-_1\"") && has(m.html, "a=1&amp;b=2") &&
              has(m.html, "color-scheme"));
  assert_true(m.html.len < 8192);
  m = render(w, "email", LITTLE);
  assert_true(str_equal(m.subject, S("T")) && !has(m.html, "Acknowledge") && !has(m.text, "repeated"));
}

static void long_texts_are_cut(void **state) {
  World *w = *state;
  Buf buf = buf_new(w->arena, KIB(400));
  buf_puts(&buf, "{\"address\":\"https://ntfy.sh/t\",\"title\":\"");
  for (size_t i = 0; i < 1000; i++) buf_puts(&buf, "\xE6\x97\xA5");
  buf_puts(&buf, "\",\"text\":\"");
  for (size_t i = 0; i < 60000; i++) buf_putc(&buf, 'x');
  buf_puts(&buf, "\"}");
  char *json = str_to_c(w->arena, buf_str(&buf));
  assert_true(render(w, "ntfy", json).body.len < 4096);
  assert_true(render(w, "email", json).subject.len < 998);
  assert_true(render(w, "webhook", json).body.len > 60000);
}

static void answers_are_judged(void **state) {
  static const struct {
    const char *channel;
    OutboundOutcome outcome;
    long status;
    const char *body;
    SendVerdict verdict;
    const char *id, *error;
  } CASES[] = {
      {"ntfy", OUTBOUND_ANSWERED, 200, "{\"id\":\"n1\",\"event\":\"message\"}", SEND_SENT, "n1", ""},
      {"ntfy", OUTBOUND_ANSWERED, 200, "no json", SEND_SENT, "", ""},
      {"ntfy", OUTBOUND_ANSWERED, 403, "{\"code\":40301,\"error\":\"forbidden\"}", SEND_PERMANENT, "",
       "HTTP 403: forbidden"},
      {"ntfy", OUTBOUND_ANSWERED, 429, "slow", SEND_RETRY, "", "HTTP 429: slow"},
      {"webhook", OUTBOUND_ANSWERED, 204, "", SEND_SENT, "", ""},
      {"webhook", OUTBOUND_ANSWERED, 302, "", SEND_PERMANENT, "", "HTTP 302"},
      {"webhook", OUTBOUND_ANSWERED, 404, "\xff\n<html>", SEND_PERMANENT, "", "HTTP 404: \xEF\xBF\xBD <html>"},
      {"webhook", OUTBOUND_ANSWERED, 408, "", SEND_RETRY, "", "HTTP 408"},
      {"webhook", OUTBOUND_ANSWERED, 500, "", SEND_RETRY, "", "HTTP 500"},
      {"webhook", OUTBOUND_ANSWERED, 503, "", SEND_RETRY, "", "HTTP 503"},
      {"webhook", OUTBOUND_UNKNOWN, 0, "", SEND_UNKNOWN, "", NULL},
      {"webhook", OUTBOUND_CANCELLED, 0, "", SEND_RETRY, "", NULL},
      {"webhook", OUTBOUND_REFUSED, 0, "", SEND_RETRY, "", NULL},
      {"email", OUTBOUND_ANSWERED, 250, "", SEND_SENT, "", ""},
      {"email", OUTBOUND_REFUSED, 450, "", SEND_RETRY, "", NULL},
      {"email", OUTBOUND_REFUSED, 550, "", SEND_PERMANENT, "", NULL},
      {"email", OUTBOUND_REFUSED, 0, "", SEND_RETRY, "", NULL},
      {"email", OUTBOUND_UNKNOWN, 0, "", SEND_UNKNOWN, "", NULL},
  };
  World *w = *state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    OutboundResult result = {
        .outcome = CASES[i].outcome, .status = CASES[i].status, .body = str_from_c(CASES[i].body), .retry_after_s = 7};
    Str id = STR_NONE, error = STR_NONE;
    i64 retry_after_s = 0;
    if (!CASES[i].error) snprintf(result.error, sizeof result.error, "why not");
    SendVerdict verdict = channel_judge(channel(w, CASES[i].channel), w->arena, &result, &id, &error, &retry_after_s);
    if (verdict != CASES[i].verdict) fail_msg("%zu: verdict %d", i, verdict);
    if (!str_equal_c(id, CASES[i].id)) fail_msg("%zu: id %.*s", i, STR_ARG(id));
    if (!str_equal_c(error, CASES[i].error ? CASES[i].error : "why not"))
      fail_msg("%zu: error %.*s", i, STR_ARG(error));
    assert_int_equal(retry_after_s, 7);
  }
  OutboundResult refused = {
      .outcome = OUTBOUND_REFUSED, .target_refused = true, .retry_after_s = -1, .error = "private"};
  Str id, error;
  i64 retry_after_s;
  assert_int_equal(channel_judge(channel(w, "webhook"), w->arena, &refused, &id, &error, &retry_after_s),
                   SEND_PERMANENT);
}

static void every_channel_says_what_it_is(void **state) {
  World *w = *state;
  for (size_t i = 0; i < channel_count(w->catalog); i++) {
    const Channel *c = channel_at(w->catalog, i);
    assert_true(channel_find(w->catalog, channel_name(c)) == c);
    bool calls = str_equal(channel_kind(c), S("voice")); /* nobody is called twice */
    assert_int_equal(channel_resend_unknown(c), !calls);
    assert_int_equal(channel_is_mail(c), str_equal(channel_name(c), S("email")));
  }
  assert_null(channel_find(w->catalog, S("pigeon")));
}

static void broken_channels_say_where(void **state) {
  static const struct {
    const char *yaml, *part;
  } CASES[] = {
      {"name: x\ntransport: pigeon\n", "neither http nor mail"},
      {"name: x\ntransport: http\ncolour: red\n", "unknown key \"colour\""},
      {"name: x\ntransport: http\naddress: {check: 'true', hint: y}\nsuccess: 'true'\n", "success and permanent"},
      {"name: x\ntransport: http\naddress: {check: 'true', hint: y}\nsuccess: stat == 200\npermanent: 'true'\n",
       "did you mean status"},
      {"name: x\ntransport: http\naddress: {check: 'true', hint: y}\nsuccess: 'true'\npermanent: 'true'\nrequest: "
       "{url: '{{#a}}'}\n",
       "request.url"},
      {"name: x\ntransport: mail\naddress: {check: 'true', hint: y}\nsuccess: 'true'\npermanent: 'true'\nmail: {text: "
       "a}\n",
       "subject and text"},
  };
  World *w = *state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    const Channel *c = NULL;
    Error err = {0};
    assert_false(channel_compile(w->arena, w->zones, str_from_c(CASES[i].yaml), &c, &err));
    if (!strstr(err.message, CASES[i].part)) fail_msg("%zu: \"%s\" lacks \"%s\"", i, err.message, CASES[i].part);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(addresses_are_checked),
      cmocka_unit_test(a_webhook_is_json_with_everything),
      cmocka_unit_test(ntfy_has_buttons_and_plain_headers),
      cmocka_unit_test(a_mail_is_text_and_html),
      cmocka_unit_test(long_texts_are_cut),
      cmocka_unit_test(answers_are_judged),
      cmocka_unit_test(every_channel_says_what_it_is),
      cmocka_unit_test(broken_channels_say_where),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
