/* Client: libcurl, synchronously. Answers are read whole, up to a ceiling; redirects are never followed, so that the
 * key goes nowhere but to the server that was named. */
#include "cli/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <curl/curl.h>

#include "cli/print.h"
#include "lang/json.h"
#include "lang/yaml.h"

enum {
  ANSWER_BYTES_MAX = 64 * 1024 * 1024,
  CONFIG_BYTES_MAX = 64 * 1024,
  CONNECT_S = 10,
  CALL_S = 60,
  LINE_MAX_BYTES = 65536
};

struct Client {
  Arena *arena;
  CURL *curl;
  const char *url; /* without a slash at the end */
  const char *key; /* NULL: none */
  long call_s;     /* a call's limit */
};

Arena *client_arena(const Client *client) {
  return client->arena;
}

const char *client_url(const Client *client) {
  return client->url;
}

Str client_escape(Arena *arena, Str text) {
  static const char HEX[] = "0123456789ABCDEF";
  static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~@";
  Buf out = buf_new(arena, 3 * text.len + 1);
  for (size_t i = 0; i < text.len; i++) {
    u8 c = (u8)text.ptr[i];
    if (c && strchr(PLAIN, c)) {
      buf_putc(&out, (char)c);
    } else {
      buf_putc(&out, '%');
      buf_putc(&out, HEX[c >> 4]);
      buf_putc(&out, HEX[c & 15]);
    }
  }
  return buf_str(&out);
}

/* Where the server is --------------------------------------------------------------------------------------------- */

static bool read_small(Arena *arena, const char *path, Str *out) {
  FILE *file = fopen(path, "re");
  if (!file) return false;
  char *text = arena_alloc(arena, CONFIG_BYTES_MAX);
  size_t got = fread(text, 1, CONFIG_BYTES_MAX, file);
  fclose(file);
  *out = (Str){text, got};
  return true;
}

static const char *read_word(Arena *arena, const char *folder, const char *name) {
  Str text = STR_NONE;
  if (!read_small(arena, str_format(arena, "%s/%s", folder, name).ptr, &text)) return NULL;
  text = str_trim(text);
  return text.len ? str_to_c(arena, text) : NULL;
}

static bool fail_folder(const char *folder, Error *err) {
  struct stat about;
  if (stat(folder, &about) != 0 || !S_ISDIR(about.st_mode))
    return fail(err, ERR_INVALID, "--data: there is no folder %s; it is the data folder of a server on this machine",
                folder);
  return fail(
      err, ERR_INVALID,
      "--data: %s/admin.key cannot be read (%s). \"tocsin init --data %s\" writes it when it makes an organization; "
      "where there is one already, as after a restore, sign in on the web page, make an API key in the settings, "
      "and put it into that file or into TOCSIN_KEY (with TOCSIN_URL)",
      folder, strerror(errno), folder);
}

static bool from_folder(Client *c, const ClientOptions *o, Error *err) {
  if (!c->url) c->url = read_word(c->arena, o->data_folder, "address");
  c->key = read_word(c->arena, o->data_folder, "admin.key");
  if (!c->key && !o->keyless) return fail_folder(o->data_folder, err);
  if (!c->url)
    return fail(err, ERR_INVALID, "%s has no address yet: start the server with \"tocsin serve --data %s\"",
                o->data_folder, o->data_folder);
  return true;
}

static const char *config_path(Arena *arena) {
  const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
  if (base && *base) return str_format(arena, "%s/tocsin/config.yaml", base).ptr;
  return home && *home ? str_format(arena, "%s/.config/tocsin/config.yaml", home).ptr : NULL;
}

static bool from_config(Client *c, Error *err) {
  const char *path = config_path(c->arena);
  Str text = STR_NONE;
  Value root = value_null();
  if (!path || !read_small(c->arena, path, &text)) return true;
  if (!yaml_parse(c->arena, text, &root, err)) return error_prefix(err, "%s: ", path);
  Str url = value_text_or(value_get_c(&root, "url"), STR_NONE),
      key = value_text_or(value_get_c(&root, "key"), STR_NONE);
  if (!c->url && url.len) c->url = str_to_c(c->arena, url);
  if (!c->key && key.len) c->key = str_to_c(c->arena, key);
  return true;
}

static const char *environment(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

static bool find_server(Client *c, const ClientOptions *o, Error *err) {
  c->url = o->url;
  if (o->data_folder) return from_folder(c, o, err);
  c->key = environment("TOCSIN_KEY");
  if ((!c->url || !c->key) && !from_config(c, err)) return false;
  if (!c->url || (!c->key && !o->keyless))
    return fail(err, ERR_INVALID,
                "%s is not known: give --data DIR of a server on this machine, or set TOCSIN_URL and TOCSIN_KEY, or "
                "write url and key into ~/.config/tocsin/config.yaml",
                !c->url ? "the server" : "the API key");
  return true;
}

static void close_curl(void *curl) {
  curl_easy_cleanup(curl);
}

bool client_open(Arena *arena, const ClientOptions *options, Client **out, Error *err) {
  Client *c = ARENA_NEW(arena, Client);
  c->arena = arena;
  c->call_s = options->patience_s ? options->patience_s : CALL_S;
  if (!find_server(c, options, err)) return false;
  Str url = str_from_c(c->url);
  if (!str_starts_with(url, S("http://")) && !str_starts_with(url, S("https://")))
    return fail(err, ERR_INVALID, "\"%s\" is not the address of a server; write http://HOST:PORT or https://HOST",
                c->url);
  while (str_ends_with(url, S("/"))) url.len--;
  c->url = str_to_c(arena, url);
  c->curl = curl_easy_init();
  if (!c->curl) return fail(err, ERR_INTERNAL, "libcurl cannot start");
  arena_defer(arena, close_curl, c->curl);
  *out = c;
  return true;
}

/* One request ----------------------------------------------------------------------------------------------------- */

typedef struct Request {
  const char *method;
  Str path, body;
  const char *accept;
  Str last_event_id;
  const char *header; /* one more; may be NULL */
} Request;

static size_t take_answer(char *bytes, size_t size, size_t count, void *ctx) {
  Buf *out = ctx;
  buf_put(out, (Str){bytes, size * count});
  return out->overflow ? 0 : size * count;
}

static bool is_loopback(const char *url) {
  static const char *const HERE[] = {"http://127.",  "http://localhost",  "http://[::1]",
                                     "https://127.", "https://localhost", "https://[::1]"};
  for (size_t i = 0; i < COUNT(HERE); i++)
    if (str_starts_with(str_from_c(url), str_from_c(HERE[i]))) return true;
  return false;
}

static struct curl_slist *add_line(struct curl_slist *list, const char *line) {
  struct curl_slist *longer = curl_slist_append(list, line);
  return longer ? longer : list;
}

static struct curl_slist *add_header(Arena *arena, struct curl_slist *list, const char *name, Str value) {
  return add_line(list, str_format(arena, "%s: %.*s", name, STR_ARG(value)).ptr);
}

static struct curl_slist *make_headers(const Client *c, const Request *r) {
  struct curl_slist *list = NULL;
  list = add_header(c->arena, list, "Accept", str_from_c(r->accept));
  list = add_header(c->arena, list, "User-Agent", S("tocsin-cli"));
  if (c->key) list = add_header(c->arena, list, "Authorization", str_format(c->arena, "Bearer %s", c->key));
  if (r->body.ptr) list = add_header(c->arena, list, "Content-Type", S("application/json"));
  if (r->last_event_id.len) list = add_header(c->arena, list, "Last-Event-ID", r->last_event_id);
  return r->header ? add_line(list, r->header) : list;
}

/* Runs it; what comes goes to `write`. The status, or 0 with *out_why. */
static long perform(Client *c, const Request *r, curl_write_callback write, void *ctx, long seconds,
                    const char **out_why) {
  CURL *curl = c->curl;
  long status = 0;
  struct curl_slist *headers = make_headers(c, r);
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_URL, str_format(c->arena, "%s%.*s", c->url, STR_ARG(r->path)).ptr);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, seconds);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, ctx);
  if (is_loopback(c->url)) curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  if (r->body.ptr) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body.ptr);
  }
  CURLcode code = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  *out_why = curl_easy_strerror(code);
  return code == CURLE_OK ? status : 0;
}

/* What the status means ------------------------------------------------------------------------------------------- */

int client_exit_code(long status) {
  if (status >= 200 && status < 300) return EXIT_DONE;
  if (status == 404 || status == 410) return EXIT_NOT_FOUND;
  return status >= 400 && status < 500 ? EXIT_REFUSED : EXIT_FAILED;
}

static void tell_line(const Client *c, const char *before, Str text) {
  Str clean = print_clean(c->arena, text);
  fprintf(stderr, "%s%.*s\n", before, STR_ARG(clean));
}

/* What a person can do about a refusal that the API cannot know. */
static const char *hint_of(const Client *c, long status) {
  if (status == 401)
    return c->key
               ? "  the key comes from --data DIR (DIR/admin.key), TOCSIN_KEY or ~/.config/tocsin/config.yaml, in this "
                 "order"
               : NULL;
  if (status == 404 || status == 405) return NULL;
  if (status == 503) return "  the server is there but cannot write now; its log says why (tocsin doctor)";
  return NULL;
}

/* The API's own sentences: the detail, then each wrong member in a line of its own. */
static void tell_problem(const Client *c, long status, const Value *problem) {
  Str detail = value_text_or(value_get_c(problem, "detail"), STR_NONE);
  const Value *errors = value_get_c(problem, "errors"), *context = value_get_c(problem, "context");
  const char *hint = hint_of(c, status);
  size_t count = value_is(errors, VALUE_LIST) ? errors->size : 0;
  if (detail.len)
    tell_line(c, "tocsin: ", detail);
  else
    fprintf(stderr, "tocsin: %s answered with status %ld and no words; is it a Tocsin server?\n", c->url, status);
  if (value_is(context, VALUE_STRING)) fprintf(stderr, "%.*s\n", STR_ARG(value_text(context)));
  for (size_t i = 0; i < count; i++) {
    const Value *e = value_at(errors, i);
    Str pointer = value_text_or(value_get_c(e, "pointer"), S("?")),
        message = value_text_or(value_get_c(e, "message"), STR_NONE);
    bool said = count == 1 && str_equal(message, detail);
    tell_line(c, "  ", said ? pointer : str_format(c->arena, "%.*s: %.*s", STR_ARG(pointer), STR_ARG(message)));
  }
  if (hint) fprintf(stderr, "%s\n", hint);
}

static void tell_unreachable(const Client *c, const char *why) {
  fprintf(stderr, "tocsin: cannot reach %s: %s\n", c->url, why);
  fprintf(stderr, is_loopback(c->url) ? "  is the server running on this machine? start it with \"tocsin serve\"\n"
                                      : "  is the address right, the server running, and the way to it open?\n");
}

/* False: that is no JSON. No body at all is null. */
static bool parse_answer(Client *c, Str text, Value *out) {
  Error ignored = {0};
  JsonOptions lenient = {.depth_max = 256, .lenient_text = true};
  *out = value_null();
  return text.len == 0 || json_parse(c->arena, text, &lenient, out, &ignored);
}

typedef enum Telling { TELL_ALL, TELL_NOTHING, TELL_UNREACHABLE } Telling;

static int call(Client *c, const Request *request, Telling telling, Value *out) {
  Buf answer = buf_new(c->arena, ANSWER_BYTES_MAX);
  const char *why = NULL;
  long status = perform(c, request, take_answer, &answer, c->call_s, &why);
  if (status == 0) {
    if (telling != TELL_NOTHING) tell_unreachable(c, why);
    *out = value_null();
    return EXIT_FAILED;
  }
  Value body = value_null();
  bool ours = parse_answer(c, buf_str(&answer), &body);
  int code = client_exit_code(status);
  if (code == EXIT_DONE && !ours) {
    if (telling != TELL_NOTHING) fprintf(stderr, "tocsin: %s answers, but not as a Tocsin server does\n", c->url);
    return EXIT_FAILED;
  }
  if (code != EXIT_DONE && telling == TELL_ALL) tell_problem(c, status, &body);
  if (code == EXIT_DONE || telling == TELL_UNREACHABLE) *out = body;
  return code;
}

int client_call(Client *client, const char *method, Str path, const Value *body, Value *out) {
  Request request = {.method = method, .path = path, .accept = "application/json"};
  if (body) request.body = json_text(client->arena, body);
  return call(client, &request, TELL_ALL, out);
}

int client_ask(Client *client, const char *method, Str path, const Value *body, Value *out) {
  Request request = {.method = method, .path = path, .accept = "application/json"};
  if (body) request.body = json_text(client->arena, body);
  return call(client, &request, TELL_UNREACHABLE, out);
}

void client_tell(const Client *client, const Value *problem) {
  tell_problem(client, value_int_or(value_get_c(problem, "status"), 0), problem);
}

bool client_try(Client *client, Str path, Value *out) {
  Request request = {.method = "GET", .path = path, .accept = "application/json"};
  return call(client, &request, TELL_NOTHING, out) == EXIT_DONE;
}

int client_send(Client *client, Str path, Str body, const char *header, Value *out) {
  Request request = {.method = "POST", .path = path, .body = body, .accept = "application/json", .header = header};
  return call(client, &request, TELL_ALL, out);
}

/* Streams --------------------------------------------------------------------------------------------------------- */

typedef struct Stream {
  Client *client;
  ClientEventFn event;
  void *ctx;
  Buf line, id, name, data; /* of the event that is being read */
  Buf refusal;              /* the body, when the answer is not a stream */
  bool stopped, too_long;
} Stream;

static bool end_event(Stream *s) {
  bool go_on = s->data.len == 0 || s->event(s->ctx, buf_str(&s->id), buf_str(&s->name), buf_str(&s->data));
  s->name.len = s->data.len = 0;
  return go_on;
}

static void take_field(Stream *s, Str line) {
  Str name = line, value = STR_NONE;
  if (!str_cut(line, ':', &name, &value)) name = line;
  if (str_starts_with(value, S(" "))) value = str_slice(value, 1, value.len);
  Buf *to = str_equal_c(name, "id")      ? &s->id
            : str_equal_c(name, "event") ? &s->name
            : str_equal_c(name, "data")  ? &s->data
                                         : NULL;
  if (!to) return; /* comments, retry */
  if (to != &s->data)
    to->len = 0;
  else if (to->len)
    buf_putc(to, '\n');
  buf_put(to, value);
}

static bool take_line(Stream *s) {
  Str line = buf_str(&s->line);
  if (str_ends_with(line, S("\r"))) line.len--;
  bool go_on = true;
  if (line.len == 0)
    go_on = end_event(s);
  else
    take_field(s, line);
  s->line.len = 0;
  return go_on;
}

static size_t take_stream(char *bytes, size_t size, size_t count, void *ctx) {
  Stream *s = ctx;
  long status = 0;
  curl_easy_getinfo(s->client->curl, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 300) return take_answer(bytes, size, count, &s->refusal);
  for (size_t i = 0; i < size * count; i++) {
    if (bytes[i] != '\n') {
      buf_putc(&s->line, bytes[i]);
      continue;
    }
    s->too_long = s->line.overflow || s->data.overflow;
    s->stopped = s->too_long || !take_line(s);
    if (s->stopped) return 0;
  }
  return size * count;
}

int client_stream(Client *client, Str path, Str last_id, ClientEventFn event, void *ctx, bool *out_lost) {
  Arena *arena = client->arena;
  Request request = {.method = "GET", .path = path, .accept = "text/event-stream", .last_event_id = last_id};
  Stream s = {.client = client,
              .event = event,
              .ctx = ctx,
              .line = buf_new(arena, LINE_MAX_BYTES),
              .id = buf_new(arena, 64),
              .name = buf_new(arena, 64),
              .data = buf_new(arena, LINE_MAX_BYTES),
              .refusal = buf_new(arena, LINE_MAX_BYTES)};
  const char *why = NULL;
  long status = perform(client, &request, take_stream, &s, 0, &why);
  *out_lost = false;
  if (status >= 300) {
    Value problem = value_null();
    (void)parse_answer(client, buf_str(&s.refusal), &problem);
    tell_problem(client, status, &problem);
    return client_exit_code(status);
  }
  if (s.stopped && !s.too_long) return EXIT_DONE;
  *out_lost = true;
  return EXIT_FAILED;
}
