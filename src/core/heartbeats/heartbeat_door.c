/* /hb/{key}, …/start, …/fail, …/log, …/{exit status}: by GET, HEAD or POST, from whatever can make a request. What a
 * browser fetches ahead is no sign of life. */
#include "core/heartbeats/heartbeats.h"
#include "core/server/server.h"

enum { BODY_MAX = 10000, MESSAGE_MAX = 1000 };

typedef struct Ping {
  Command command;
  App *app;
  HttpRequest *request;
  Str key, message;
  Beat beat;
  i64 exit_status;
} Ping;

static void answer(App *app, HttpRequest *request, int status, const char *text) {
  static const HttpHeader HEADERS[] = {{STR("Access-Control-Allow-Origin"), STR("*")},
                                       {STR("Cache-Control"), STR("no-store")}};
  bool json = str_find(http_header(request, "Accept"), S("application/json"), 0) != SIZE_MAX ||
              str_starts_with(http_header(request, "User-Agent"), S("tocsin"));
  if (json) { /* our own client */
    text = str_to_c(request->arena, str_format(request->arena, "{\"status\":%d,\"detail\":\"%s\"}", status, text));
  }
  HttpResponse response = {.status = status,
                           .content_type = json ? "application/json" : "text/plain; charset=utf-8",
                           .headers = HEADERS,
                           .header_count = COUNT(HEADERS),
                           .body = str_from_c(text)};
  http_respond(app->http, request, &response);
}

static bool run(Command *command, Cycle *cycle, Error *err) {
  Ping *ping = (Ping *)command;
  return heartbeat_ping(cycle, ping->key, ping->beat, ping->exit_status, ping->message, err);
}

static void done(Command *command, bool ok, const Error *err) {
  Ping *ping = (Ping *)command;
  answer(ping->app, ping->request, ok ? 200 : error_http_status(err->code),
         ok                           ? "OK"
         : err->code == ERR_NOT_FOUND ? "not found"
                                      : "try again");
}

static bool is_ahead(HttpRequest *request) {
  static const char *const HEADERS[] = {"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"};
  for (size_t i = 0; i < COUNT(HEADERS); i++)
    if (str_find(http_header(request, HEADERS[i]), S("prefetch"), 0) != SIZE_MAX ||
        str_find(http_header(request, HEADERS[i]), S("preview"), 0) != SIZE_MAX)
      return true;
  return false;
}

/* False: it is nothing that a heartbeat says. */
static bool read_what(Ping *ping, Str word) {
  ping->exit_status = -1;
  if (!word.len) return ping->beat = BEAT_OK, true;
  if (str_equal_c(word, "start")) return ping->beat = BEAT_START, true;
  if (str_equal_c(word, "log")) return ping->beat = BEAT_LOG, true;
  if (str_equal_c(word, "fail")) return ping->beat = BEAT_FAIL, true;
  if (!str_to_i64(word, 0, 255, &ping->exit_status)) return false;
  ping->beat = ping->exit_status ? BEAT_FAIL : BEAT_OK;
  return true;
}

static void head(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  (void)app;
  verdict->body_bytes_max = KIB(64);
  if (request->method == HTTP_GET || request->method == HTTP_HEAD || request->method == HTTP_POST) return;
  verdict->respond = true;
  verdict->response = (HttpResponse){.status = 405};
}

static void handle(App *app, HttpRequest *request) {
  Ping *ping = ARENA_NEW(request->arena, Ping);
  Str rest = str_slice(request->path, 4, request->path.len), key = rest, word = S("");
  *ping = (Ping){.command = {.run = run, .done = done}, .app = app, .request = request};
  if (str_cut(rest, '/', &key, &word)) rest = key;
  ping->key = rest;
  ping->message =
      utf8_clean(request->arena, utf8_cut(str_slice(request->body, 0, MIN(request->body.len, BODY_MAX)), MESSAGE_MAX));
  if (is_ahead(request)) {
    answer(app, request, 200, "a prefetch is no ping");
    return;
  }
  if (!read_what(ping, word)) {
    answer(app, request, 400, "after the key comes nothing, start, fail, log, or an exit status from 0 to 255");
    return;
  }
  if (!engine_submit(app->engine, &ping->command)) answer(app, request, 503, "the server is stopping");
}

const Door HEARTBEAT_DOORS[] = {
    {.prefix = "/hb/", .head = head, .request = handle},
    {.prefix = NULL},
};
