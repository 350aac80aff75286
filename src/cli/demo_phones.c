/* The demo's phones: where the webhook channel posts to, on this machine. Each message is printed as it comes, so that
 * the whole path is seen: sender, alert, incident, policy, person, link. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/demo.h"
#include "cli/print.h"
#include "lang/json.h"

enum { MESSAGE_BYTES_MAX = 1024 * 1024 };

struct DemoPhones {
  HttpServer *http;
  bool colour;
};

static Str member(const Value *message, const char *name) {
  return value_text_or(value_get_c(message, name), STR_NONE);
}

/* Whole, in one write: two phones may ring at once. */
static void print_message(const DemoPhones *phones, Arena *arena, const Value *message) {
  char at[PRINT_TIME_BYTES];
  print_time(at);
  Str person = member(value_get_c(message, "user"), "name"), link = member(message, "ack_url");
  bool loud = phones->colour && str_equal_c(member(message, "urgency"), "high");
  Str head = print_clean(arena, member(message, "headline")), name = print_clean(arena, person);
  Str text = str_format(arena, "\n%s  %s%.*s's phone%s  %.*s\n", at,
                        loud             ? "\033[1;31m"
                        : phones->colour ? "\033[1m"
                                         : "",
                        STR_ARG(name), phones->colour ? "\033[0m" : "", STR_ARG(head));
  if (link.len)
    text = str_format(arena, "%.*s          answer: %.*s\n", STR_ARG(text), STR_ARG(print_clean(arena, link)));
  fwrite(text.ptr, 1, text.len, stdout);
  fflush(stdout);
}

static void on_head(void *ctx, HttpRequest *request, HttpHeadVerdict *verdict) {
  (void)ctx;
  (void)request;
  verdict->body_bytes_max = MESSAGE_BYTES_MAX;
}

static void on_request(void *ctx, HttpRequest *request) {
  DemoPhones *phones = ctx;
  Value message = value_null();
  Error err = {0};
  HttpResponse taken = {.status = 204};
  if (!json_parse(request->arena, request->body, NULL, &message, &err)) {
    http_respond_error(phones->http, request, &err);
    return;
  }
  print_message(phones, request->arena, &message);
  http_respond(phones->http, request, &taken);
}

bool demo_phones_start(u16 port, DemoPhones **out, Error *err) {
  DemoPhones *phones = xcalloc(1, sizeof *phones);
  char listen[32];
  snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
  HttpServerOptions options = {
      .listen = listen, .io_threads = 1, .ctx = phones, .on_head = on_head, .on_request = on_request};
  phones->colour = screen_of().colour;
  if (!http_server_start(&options, &phones->http, err)) {
    free(phones);
    return error_prefix(err, "the demo's phones: ");
  }
  *out = phones;
  return true;
}

u16 demo_phones_port(const DemoPhones *phones) {
  return http_server_port(phones->http);
}

void demo_phones_stop(DemoPhones *phones) {
  if (!phones) return;
  http_server_drain(phones->http, SECOND_MS);
  http_server_free(phones->http);
  free(phones);
}
