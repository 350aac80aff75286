/* The web page: files that scripts/page put into the program, each as it is, as brotli and as gzip. Every path that is
 * nobody else's and looks like a place inside the page gets index.html; the page's router does the rest.
 *
 * Files under assets/ carry a hash in their name, so browsers keep them for ever; the others are asked for again and
 * answered with 304. The policy allows nothing but our own files: no inline script, no other host. Style attributes are
 * allowed because positions of menus and rows are such. */
#include "base/embedded.h"
#include "core/server/server.h"

/* Weak: tests and a build with -Dweb=false have no page. */
extern const EmbeddedFile PAGE_FILES[] __attribute__((weak));
extern const size_t PAGE_FILES_COUNT __attribute__((weak));

static const char POLICY[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

static const struct {
  const char *ending, *type;
} TYPES[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".woff2", "font/woff2"},
    {".json", "application/json"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
};

bool page_built(void) {
  return &PAGE_FILES_COUNT != NULL;
}

static const EmbeddedFile *find_file(Arena *arena, Str path, const char *ending) {
  if (!page_built()) return NULL;
  Str wanted = str_format(arena, "dist%.*s%s", STR_ARG(path), ending);
  for (size_t i = 0; i < PAGE_FILES_COUNT; i++)
    if (str_equal_c(wanted, PAGE_FILES[i].path)) return &PAGE_FILES[i];
  return NULL;
}

static const char *type_of(Str path) {
  for (size_t i = 0; i < COUNT(TYPES); i++)
    if (str_ends_with(path, str_from_c(TYPES[i].ending))) return TYPES[i].type;
  return NULL;
}

/* "gzip, deflate, br;q=0.5": named, and not with q=0. */
static bool accepts(const HttpRequest *request, Str coding) {
  Str rest = http_header(request, "Accept-Encoding"), part;
  while (rest.len) {
    Str name, weight = STR_NONE;
    (void)str_cut(rest, ',', &part, &rest);
    (void)str_cut(part, ';', &name, &weight);
    weight = str_trim(weight);
    bool refused = str_equal_c(weight, "q=0") || str_starts_with(weight, S("q=0.0"));
    if (str_equal_nocase(str_trim(name), coding)) return !refused;
  }
  return false;
}

typedef struct Chosen {
  const EmbeddedFile *file;
  Str coding; /* empty: as it is */
} Chosen;

static Chosen choose(const HttpRequest *request, Str path) {
  Chosen plain = {.file = find_file(request->arena, path, "")};
  if (!plain.file) return plain;
  Chosen brotli = {find_file(request->arena, path, ".br"), S("br")};
  Chosen gzip = {find_file(request->arena, path, ".gz"), S("gzip")};
  if (brotli.file && accepts(request, S("br"))) return brotli;
  if (gzip.file && accepts(request, S("gzip"))) return gzip;
  return plain;
}

/* A place inside the page, not a file that is missing. */
static bool is_place(Str path) {
  if (str_starts_with(path, S("/assets/"))) return false;
  size_t slash = path.len;
  while (slash > 0 && path.ptr[slash - 1] != '/') slash--;
  return str_find_char(path, '.', slash) == SIZE_MAX;
}

static HttpResponse not_there(Arena *arena) {
  const char *why = !page_built() ? "this build has no web page (-Dweb=false)" : "there is nothing at this path";
  return (HttpResponse){.status = 404,
                        .content_type = "application/problem+json",
                        .body = str_format(arena,
                                           "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                                           "\"code\":\"not_found\",\"detail\":\"%s; the API is at /api/v1\"}",
                                           why)};
}

static void add(Arena *arena, HttpResponse *response, Str name, Str value) {
  enum { HEADERS_MAX = 10 };
  HttpHeader *headers = (HttpHeader *)(uintptr_t)response->headers;
  if (!headers) response->headers = headers = ARENA_ARRAY(arena, HttpHeader, HEADERS_MAX);
  ASSERT(response->header_count < HEADERS_MAX);
  headers[response->header_count++] = (HttpHeader){name, value};
}

static HttpResponse file_answer(const HttpRequest *request, Str path, Chosen chosen) {
  Arena *arena = request->arena;
  HttpResponse answer = {.status = 200, .content_type = type_of(path), .body = {chosen.file->data, chosen.file->bytes}};
  bool for_ever = str_starts_with(path, S("/assets/"));
  Str etag = str_format(arena, "\"%016llx\"", (unsigned long long)hash_stable(answer.body));
  add(arena, &answer, S("ETag"), etag);
  add(arena, &answer, S("Cache-Control"), for_ever ? S("public, max-age=31536000, immutable") : S("no-cache"));
  add(arena, &answer, S("Vary"), S("Accept-Encoding"));
  add(arena, &answer, S("Content-Security-Policy"), S(POLICY));
  add(arena, &answer, S("Referrer-Policy"), S("same-origin"));
  add(arena, &answer, S("Cross-Origin-Opener-Policy"), S("same-origin"));
  add(arena, &answer, S("X-Frame-Options"), S("DENY"));
  if (str_equal(http_header(request, "If-None-Match"), etag)) {
    answer.status = 304;
    answer.body = STR_NONE;
    answer.content_type = NULL;
  } else if (chosen.coding.len) {
    add(arena, &answer, S("Content-Encoding"), chosen.coding);
  }
  return answer;
}

HttpResponse page_answer(const HttpRequest *request) {
  Str path = request->path;
  if (request->method != HTTP_GET && request->method != HTTP_HEAD) return not_there(request->arena);
  if (str_starts_with(path, S("/.")) || str_ends_with(path, S(".br")) || str_ends_with(path, S(".gz")))
    return not_there(request->arena);
  Chosen chosen = choose(request, path);
  if (!chosen.file && is_place(path)) {
    path = S("/index.html");
    chosen = choose(request, path);
  }
  return chosen.file ? file_answer(request, path, chosen) : not_there(request->arena);
}
