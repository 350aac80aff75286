/* Mail through the outbound client, against a small scripted relay. */
#include "net_fake_server.h"

/* What the relay says; NULL: the usual. "{hang}" says nothing more, "{close}" ends the connection. */
typedef struct Relay {
  const char *greeting, *auth_offer, *login, *mail, *rcpt, *data, *final, *quit;
  bool starttls_offer;
} Relay;

typedef struct Session {
  Fake *fake;
  int fd;
  char in[FAKE_TEXT_MAX];
  size_t in_len;
  char log[FAKE_TEXT_MAX]; /* all lines the client sent */
} Session;

/* Takes one line out of the input, without CRLF; false when the connection ended. */
static bool read_line(Session *s, char *out, size_t max) {
  for (;;) {
    char *end = memchr(s->in, '\n', s->in_len);
    if (end) {
      size_t len = (size_t)(end - s->in) + 1;
      (void)snprintf(out, max, "%.*s", (int)len, s->in);
      s->in_len -= len;
      memmove(s->in, end + 1, s->in_len);
      size_t used = strlen(s->log);
      (void)snprintf(s->log + used, sizeof(s->log) - used, "%s", out);
      fake_keep(s->fake, s->log);
      return true;
    }
    ssize_t got = recv(s->fd, s->in + s->in_len, sizeof(s->in) - s->in_len, 0);
    if (got <= 0) return false;
    s->in_len += (size_t)got;
  }
}

/* False when the session shall end. */
static bool reply(Session *s, const char *scripted, const char *usual) {
  const char *text = scripted ? scripted : usual;
  if (strcmp(text, "{close}") == 0) return false;
  if (strcmp(text, "{hang}") == 0) return fake_hang(s->fake, s->fd), false;
  char line[512];
  (void)snprintf(line, sizeof(line), "%s\r\n", text);
  fake_say(s->fd, line);
  return true;
}

static bool greet(Session *s, const Relay *relay) {
  fake_say(s->fd, "250-relay.test\r\n");
  if (relay->starttls_offer) fake_say(s->fd, "250-STARTTLS\r\n");
  if (relay->auth_offer) {
    char line[128];
    (void)snprintf(line, sizeof(line), "250-AUTH %s\r\n", relay->auth_offer);
    fake_say(s->fd, line);
  }
  return reply(s, NULL, "250 SIZE 10000000");
}

static bool log_in(Session *s, const Relay *relay, const char *mechanism) {
  char line[1024];
  bool plain = strncmp(mechanism, "PLAIN", 5) == 0;
  if (!reply(s, NULL, plain ? "334 " : "334 VXNlcm5hbWU6") || !read_line(s, line, sizeof(line))) return false;
  if (!plain && (!reply(s, NULL, "334 UGFzc3dvcmQ6") || !read_line(s, line, sizeof(line)))) return false;
  return reply(s, relay->login, "235 welcome");
}

static bool take_message(Session *s, const Relay *relay) {
  char line[4096];
  if (!reply(s, relay->data, "354 go on")) return false;
  if (relay->data && relay->data[0] != '3') return true;
  do {
    if (!read_line(s, line, sizeof(line))) return false;
  } while (strcmp(line, ".\r\n") != 0);
  atomic_fetch_add(&s->fake->requests, 1);
  return reply(s, relay->final, "250 2.0.0 queued");
}

static bool obey(Session *s, const Relay *relay, const char *line) {
  if (strncmp(line, "EHLO", 4) == 0) return greet(s, relay);
  if (strncmp(line, "AUTH ", 5) == 0) return log_in(s, relay, line + 5);
  if (strncmp(line, "MAIL", 4) == 0) return reply(s, relay->mail, "250 ok");
  if (strncmp(line, "RCPT", 4) == 0) return reply(s, relay->rcpt, "250 ok");
  if (strncmp(line, "DATA", 4) == 0) return take_message(s, relay);
  if (strncmp(line, "QUIT", 4) == 0) return reply(s, relay->quit, "221 bye") && false;
  return reply(s, NULL, "500 what");
}

static void serve(Fake *fake, int fd) {
  Session *s = calloc(1, sizeof(*s));
  char line[4096];
  s->fake = fake;
  s->fd = fd;
  bool more = reply(s, ((const Relay *)fake->script)->greeting, "220 relay.test ESMTP");
  while (more && read_line(s, line, sizeof(line))) more = obey(s, fake->script, line);
  free(s);
}

/* Sending. */

typedef struct World {
  Fake *fake;
  HttpClient *client;
  Waiter w;
  char url[128];
  SmtpRelay relay;
} World;

static World *world_new(const Relay *script, const char *user, const char *password) {
  World *world = calloc(1, sizeof(*world));
  world->fake = fake_start(serve, script);
  world->client = client_of(NULL); /* relays are exempt from the guard */
  waiter_init(&world->w);
  (void)snprintf(world->url, sizeof(world->url), "smtp://%s127.0.0.1:%u", user ? user : "", world->fake->port);
  world->relay = (SmtpRelay){world->url, password, "Tocsin <tocsin@example.org>"};
  return world;
}

static void world_free(World *world) {
  http_client_free(world->client);
  fake_stop(world->fake);
  waiter_done_with(&world->w);
  free(world);
}

static const char MESSAGE[] = "Subject: Disk full\r\n\r\n.dot\r\nbye\r\n";

static void mail_and_wait(World *world, Str to, Str message, i64 timeout_ms) {
  size_t before = waiter_count(&world->w);
  http_client_mail(world->client, &(MailCall){.relay = &world->relay,
                                              .to = to,
                                              .message = message,
                                              .timeout_ms = timeout_ms,
                                              .done = waiter_done,
                                              .ctx = &world->w});
  waiter_wait(&world->w, before + 1);
}

static void expect_said(World *world, const char *text) {
  if (!fake_heard(world->fake, text)) fail_msg("not said: %s", text);
}

static void mail_is_handed_over_whole(void **state) {
  (void)state;
  World *world = world_new(&(Relay){0}, NULL, NULL);
  mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 5000);
  assert_string_equal(world->w.result.error, "");
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  assert_int_equal(world->w.result.status, 250);
  expect_said(world, "MAIL FROM:<tocsin@example.org>");
  expect_said(world, "RCPT TO:<ann@example.org>\r\n");
  expect_said(world, "Subject: Disk full\r\n\r\n..dot\r\nbye\r\n.\r\n");
  world_free(world);
}

static void relay_connection_is_used_again(void **state) {
  (void)state;
  World *world = world_new(&(Relay){0}, NULL, NULL);
  for (int i = 0; i < 10; i++) mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 5000);
  assert_int_equal(world->w.outcomes[OUTBOUND_ANSWERED], 10);
  assert_int_equal(atomic_load(&world->fake->opened), 1);
  world_free(world);
}

/* A lone LF or CR must not become a line of SMTP. */
static void bare_line_ends_cannot_smuggle_a_second_mail(void **state) {
  (void)state;
  static const char SMUGGLED[] = "Subject: x\n\n.\nMAIL FROM:<a@b>\r.\rRCPT TO:<c@d>\r\n.\r\nend\0!";
  World *world = world_new(&(Relay){0}, NULL, NULL);
  mail_and_wait(world, S("ann@example.org"), (Str){SMUGGLED, sizeof(SMUGGLED) - 1}, 5000);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  expect_said(world, "Subject: x\r\n\r\n..\r\nMAIL FROM:<a@b>\r\n..\r\nRCPT TO:<c@d>\r\n..\r\nend!\r\n.\r\n");
  assert_int_equal(atomic_load(&world->fake->requests), 1);
  world_free(world);
}

static void logins_by_either_mechanism(void **state) {
  (void)state;
  static const struct {
    const char *offer, *said;
  } ROWS[] = {
      {"PLAIN", "AHVAc2VyAHB3OiEv"}, /* \0u@ser\0pw:!/ */
      {"LOGIN", "dUBzZXI="},
      {"LOGIN", "cHc6IS8="},
  };
  for (size_t i = 0; i < COUNT(ROWS); i++) {
    World *world = world_new(&(Relay){.auth_offer = ROWS[i].offer}, "u%40ser@", "pw:!/");
    mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 5000);
    assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
    expect_said(world, ROWS[i].said);
    world_free(world);
  }
}

static const struct {
  const char *name;
  Relay relay;
  OutboundOutcome outcome;
  long status;
} ANSWERS[] = {
    {"busy greeting", {.greeting = "421 later"}, OUTBOUND_REFUSED, 421},
    {"refusing greeting", {.greeting = "554 go away"}, OUTBOUND_REFUSED, 554},
    {"no greeting", {.greeting = "{close}"}, OUTBOUND_REFUSED, 0},
    {"hanging greeting", {.greeting = "{hang}"}, OUTBOUND_REFUSED, 0},
    {"sender refused", {.mail = "550 not you"}, OUTBOUND_REFUSED, 550},
    {"sender later", {.mail = "451 later"}, OUTBOUND_REFUSED, 451},
    {"recipient unknown", {.rcpt = "550 5.1.1 no such user"}, OUTBOUND_REFUSED, 550},
    {"recipient greylisted", {.rcpt = "450 4.2.0 greylisted"}, OUTBOUND_REFUSED, 450},
    {"cut at recipient", {.rcpt = "{close}"}, OUTBOUND_REFUSED, 0},
    {"hang at recipient", {.rcpt = "{hang}"}, OUTBOUND_REFUSED, 0},
    {"data refused", {.data = "554 no"}, OUTBOUND_REFUSED, 554},
    {"data cut", {.data = "{close}"}, OUTBOUND_REFUSED, 0},
    {"message refused", {.final = "554 spam"}, OUTBOUND_REFUSED, 554},
    {"message later", {.final = "452 full"}, OUTBOUND_REFUSED, 452},
    {"cut after message", {.final = "{close}"}, OUTBOUND_UNKNOWN, 0},
    {"hang after message", {.final = "{hang}"}, OUTBOUND_UNKNOWN, 0},
    {"no farewell", {.rcpt = "550 no", .quit = "{hang}"}, OUTBOUND_REFUSED, 550},
};

static void every_reply_has_its_outcome(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(ANSWERS); i++) {
    World *world = world_new(&ANSWERS[i].relay, NULL, NULL);
    mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 400);
    const OutboundResult *r = &world->w.result;
    if (r->outcome != ANSWERS[i].outcome || r->status != ANSWERS[i].status || r->error[0] == '\0')
      fail_msg("%s: outcome %d, status %ld, error \"%s\"", ANSWERS[i].name, r->outcome, r->status, r->error);
    world_free(world);
  }
}

static void relays_words_reach_the_reader(void **state) {
  (void)state;
  World *world = world_new(&(Relay){.rcpt = "550 5.1.1 no such user\x01\xff"}, NULL, NULL);
  mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 5000);
  assert_non_null(strstr(world->w.result.error, "550 5.1.1 no such user"));
  assert_true(utf8_valid(str_from_c(world->w.result.error)));
  assert_null(strchr(world->w.result.error, '\x01'));
  world_free(world);
}

static void wrong_password_is_told(void **state) {
  (void)state;
  World *world = world_new(&(Relay){.auth_offer = "PLAIN", .login = "535 5.7.8 wrong"}, "user@", "secret-word");
  mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 5000);
  assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
  assert_int_equal(world->w.result.status, 535);
  assert_null(strstr(world->w.result.error, "secret-word"));
  world_free(world);
}

/* A relay that never answers QUIT would stop the loop for two minutes if it were waited for. */
static void loop_goes_on_while_a_relay_hangs_at_farewell(void **state) {
  (void)state;
  World *world = world_new(&(Relay){.rcpt = "550 no", .quit = "{hang}"}, NULL, NULL);
  i64 before_us = clock_monotonic_us();
  for (int i = 0; i < 3; i++) mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 60000);
  http_client_free(world->client);
  world->client = NULL;
  assert_true(clock_monotonic_us() - before_us < 30 * 1000 * 1000);
  world_free(world);
}

static void free_does_not_wait_for_an_idle_relay(void **state) {
  (void)state;
  World *world = world_new(&(Relay){.quit = "{hang}"}, NULL, NULL);
  mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 60000);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  i64 before_us = clock_monotonic_us();
  http_client_free(world->client);
  world->client = NULL;
  assert_true(clock_monotonic_us() - before_us < 30 * 1000 * 1000);
  world_free(world);
}

static void free_cancels_mail_in_flight(void **state) {
  (void)state;
  World *world = world_new(&(Relay){.final = "{hang}"}, NULL, NULL);
  for (int i = 0; i < 30; i++)
    http_client_mail(world->client, &(MailCall){.relay = &world->relay,
                                                .to = S("ann@example.org"),
                                                .message = S(MESSAGE),
                                                .done = waiter_done,
                                                .ctx = &world->w});
  for (int i = 0; i < 5000 && atomic_load(&world->fake->requests) < 12; i++) fake_nap();
  http_client_free(world->client);
  world->client = NULL;
  assert_int_equal(world->w.count, 30);
  assert_int_equal(world->w.outcomes[OUTBOUND_CANCELLED], 30);
  world_free(world);
}

static void addresses_cannot_carry_commands(void **state) {
  (void)state;
  static const char *const ADDRESSES[] = {
      "",         "ann",         "@example.org",  "ann@",       "a@b\r\nDATA", "a@b\nDATA", "a@b>\r\nRCPT TO:<c@d",
      "a b@c.de", "<ann@b.org>", "a@b> SIZE=100", "a@\x01.org", "a@b\x7f",     "a\t@b",     "\xff@b.org",
  };
  World *world = world_new(&(Relay){0}, NULL, NULL);
  for (size_t i = 0; i < COUNT(ADDRESSES); i++) {
    mail_and_wait(world, str_from_c(ADDRESSES[i]), S(MESSAGE), 5000);
    if (world->w.result.outcome != OUTBOUND_REFUSED) fail_msg("%s was sent to", ADDRESSES[i]);
  }
  mail_and_wait(world, (Str){"a@b\0c", 5}, S(MESSAGE), 5000);
  assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
  world->relay.from = "Tocsin <a@b\r\nRCPT TO:<c@d>>";
  mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 5000);
  assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
  assert_int_equal(atomic_load(&world->fake->opened), 0);
  world_free(world);
}

static void relay_must_speak_smtp(void **state) {
  (void)state;
  static const char *const URLS[] = {"http://127.0.0.1/", "imap://127.0.0.1/", "127.0.0.1:25", "",
                                     "smtp://a%0d%0ab@127.0.0.1/"};
  World *world = world_new(&(Relay){0}, NULL, NULL);
  for (size_t i = 0; i < COUNT(URLS); i++) {
    world->relay.url = URLS[i];
    mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 5000);
    if (world->w.result.outcome != OUTBOUND_REFUSED) fail_msg("%s was used", URLS[i]);
  }
  world_free(world);
}

/* Required TLS never falls back to a password in clear. */
static void smtps_against_a_plain_relay_sends_nothing(void **state) {
  (void)state;
  World *world = world_new(&(Relay){.auth_offer = "PLAIN"}, "user@", "pw");
  (void)snprintf(world->url, sizeof(world->url), "smtps://user@127.0.0.1:%u", world->fake->port);
  mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 500);
  assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
  assert_false(fake_heard(world->fake, "AUTH"));
  world_free(world);
}

/* 0.0.0.0 reaches this machine, too, but does not say so. */
static void password_is_kept_back_without_tls(void **state) {
  (void)state;
  static const bool OFFERED[] = {false, true}; /* then refused */
  for (size_t i = 0; i < COUNT(OFFERED); i++) {
    World *world = world_new(&(Relay){.auth_offer = "PLAIN", .starttls_offer = OFFERED[i]}, NULL, "pw");
    (void)snprintf(world->url, sizeof(world->url), "smtp://user@0.0.0.0:%u", world->fake->port);
    mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 5000);
    assert_int_equal(world->w.result.outcome, OUTBOUND_REFUSED);
    assert_false(fake_heard(world->fake, "AUTH"));
    assert_false(fake_heard(world->fake, "MAIL"));
    world_free(world);
  }
}

static void starttls_is_tried_when_offered_and_not_insisted_on(void **state) {
  (void)state;
  World *world = world_new(&(Relay){.starttls_offer = true}, NULL, NULL);
  mail_and_wait(world, S("ann@example.org"), S(MESSAGE), 5000);
  assert_int_equal(world->w.result.outcome, OUTBOUND_ANSWERED);
  expect_said(world, "STARTTLS");
  world_free(world);
}

/* libcurl waits for the last reply of SMTP with its loop standing still; HTTP must not be on that loop. */
static void http_goes_on_while_a_relay_thinks(void **state) {
  (void)state;
  World *world = world_new(&(Relay){.final = "{hang}"}, NULL, NULL);
  Waiter http;
  char url[64];
  u16 port;
  close(fake_listen(&port));
  waiter_init(&http);
  http_client_mail(world->client, &(MailCall){.relay = &world->relay,
                                              .to = S("ann@example.org"),
                                              .message = S(MESSAGE),
                                              .timeout_ms = 60000,
                                              .done = waiter_done,
                                              .ctx = &world->w});
  for (int i = 0; i < 5000 && atomic_load(&world->fake->requests) < 1; i++) fake_nap();
  (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", port);
  http_client_call(
      world->client,
      &(HttpCall){
          .method = S("GET"), .url = str_from_c(url), .trusted_target = true, .done = waiter_done, .ctx = &http});
  waiter_wait(&http, 1);
  assert_int_equal(http.result.outcome, OUTBOUND_REFUSED);
  assert_int_equal(waiter_count(&world->w), 0);
  waiter_done_with(&http);
  world_free(world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mail_is_handed_over_whole),
      cmocka_unit_test(relay_connection_is_used_again),
      cmocka_unit_test(bare_line_ends_cannot_smuggle_a_second_mail),
      cmocka_unit_test(logins_by_either_mechanism),
      cmocka_unit_test(every_reply_has_its_outcome),
      cmocka_unit_test(relays_words_reach_the_reader),
      cmocka_unit_test(wrong_password_is_told),
      cmocka_unit_test(loop_goes_on_while_a_relay_hangs_at_farewell),
      cmocka_unit_test(free_does_not_wait_for_an_idle_relay),
      cmocka_unit_test(free_cancels_mail_in_flight),
      cmocka_unit_test(addresses_cannot_carry_commands),
      cmocka_unit_test(relay_must_speak_smtp),
      cmocka_unit_test(smtps_against_a_plain_relay_sends_nothing),
      cmocka_unit_test(password_is_kept_back_without_tls),
      cmocka_unit_test(starttls_is_tried_when_offered_and_not_insisted_on),
      cmocka_unit_test(http_goes_on_while_a_relay_thinks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
