/* Answers: built on the thread of whoever answers, so that the loop only copies bytes; only the Date line is left to
 * it. Framing fields are ours: what a handler says about Content-Length, Connection and the like is ignored, and
 * control characters in a field's value become spaces, so that no data can end a field. */
#include "net/http_server_internal.h"

#include <string.h>

#define DATE_HOLE "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
_Static_assert(sizeof(DATE_HOLE) - 1 == DATE_LINE_BYTES, "the loop writes its Date line over it");

enum { HEAD_BYTES_BASE = 512, PROBLEM_BYTES_MAX = 16 * 1024 };

static const char *reason(int status) {
  static const struct {
    int status;
    const char *words;
  } REASONS[] = {
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {425, "Too Early"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
  };
  for (size_t i = 0; i < COUNT(REASONS); i++)
    if (REASONS[i].status == status) return REASONS[i].words;
  return "Other";
}

/* ---- fields ---- */

static bool is_ours(Str name) {
  static const Str OURS[] = {
      STR("content-length"), STR("transfer-encoding"),      STR("connection"),  STR("keep-alive"), STR("date"),
      STR("content-type"),   STR("x-content-type-options"), STR("x-request-id")};
  for (size_t i = 0; i < COUNT(OURS); i++)
    if (str_equal_nocase(name, OURS[i])) return true;
  return false;
}

static void put_value(Buf *out, Str value) {
  size_t from = out->len;
  buf_put(out, value);
  for (size_t i = from; i < out->len; i++)
    if (!http_is_value_char(out->ptr[i])) out->ptr[i] = ' ';
}

static void put_field(Buf *out, Str name, Str value) {
  buf_put(out, name);
  buf_put(out, S(": "));
  put_value(out, value);
  buf_put(out, S("\r\n"));
}

static void put_further(Buf *out, const HttpHeader *headers, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (http_is_token(headers[i].name) && !is_ours(headers[i].name)) put_field(out, headers[i].name, headers[i].value);
}

static size_t further_bytes(const HttpHeader *headers, size_t count) {
  size_t bytes = 0;
  for (size_t i = 0; i < count; i++) bytes += headers[i].name.len + headers[i].value.len + 4;
  return bytes;
}

static size_t own_bytes(const HttpRequest *request) {
  return request->id.len + further_bytes(request->answer_headers, request->answer_header_count);
}

/* Status line, a hole for the date, and what every answer carries. */
static void begin_head(Buf *out, Ticket *ticket, int status, const char *content_type) {
  ASSERT(status >= 200 && status <= 599);
  ticket->status = status;
  buf_put(out, S("HTTP/1.1 "));
  buf_u64(out, (u64)status);
  buf_putc(out, ' ');
  buf_puts(out, reason(status));
  buf_put(out, S("\r\n"));
  ticket->date_at = out->len;
  buf_put(out, S(DATE_HOLE));
  if (content_type) put_field(out, S("Content-Type"), str_from_c(content_type));
  buf_put(out, S("X-Content-Type-Options: nosniff\r\n"));
  put_field(out, S("X-Request-Id"), ticket->request.id);
  put_further(out, ticket->request.answer_headers, ticket->request.answer_header_count);
}

static void end_head(Buf *out, Ticket *ticket) {
  ASSERT(!out->overflow);
  ticket->head = out->ptr;
  ticket->head_bytes = out->len;
}

/* ---- whole answers ---- */

static bool may_have_body(int status) {
  return status != 204 && status != 304;
}

void http_response_build(Ticket *ticket, const HttpResponse *response) {
  Str body = may_have_body(response->status) ? response->body : STR_NONE;
  bool send_body = ticket->request.method != HTTP_HEAD && body.len > 0;
  bool copy_body = send_body && body.len < BODY_REFERENCE_BYTES_MIN;
  size_t type_bytes = response->content_type ? strlen(response->content_type) : 0;
  Buf out = buf_new(ticket->request.arena, HEAD_BYTES_BASE + type_bytes +
                                               further_bytes(response->headers, response->header_count) +
                                               own_bytes(&ticket->request) + (copy_body ? body.len : 0));
  ticket->close = response->close || !ticket->keep_alive || atomic_load(&ticket->home->server->draining);
  begin_head(&out, ticket, response->status, response->content_type);
  if (may_have_body(response->status)) {
    buf_put(&out, S("Content-Length: "));
    buf_u64(&out, body.len);
    buf_put(&out, S("\r\n"));
  }
  if (ticket->close)
    buf_put(&out, S("Connection: close\r\n"));
  else if (ticket->old)
    buf_put(&out, S("Connection: keep-alive\r\n"));
  put_further(&out, response->headers, response->header_count);
  buf_put(&out, S("\r\n"));
  if (copy_body) buf_put(&out, body);
  end_head(&out, ticket);
  ticket->body = send_body && !copy_body ? body : STR_NONE;
}

void http_response_build_stream(Ticket *ticket, const char *content_type) {
  Buf out = buf_new(ticket->request.arena, HEAD_BYTES_BASE + strlen(content_type) + own_bytes(&ticket->request));
  begin_head(&out, ticket, 200, content_type);
  /* Ends with the connection. The last field tells nginx not to hold events back. */
  buf_put(&out, S("Connection: close\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n\r\n"));
  end_head(&out, ticket);
  ticket->body = STR_NONE;
  ticket->close = false;
}

/* ---- problem+json (RFC 9457) ---- */

/* Enough of JSON for a sentence: the text is UTF-8 already, or is made so. */
static void put_json(Buf *out, Str text) {
  static const char HEX[] = "0123456789abcdef";
  text = utf8_clean(out->arena, text);
  buf_putc(out, '"');
  for (size_t i = 0; i < text.len; i++) {
    u8 byte = (u8)text.ptr[i];
    if (byte == '"' || byte == '\\') {
      buf_putc(out, '\\');
      buf_putc(out, (char)byte);
    } else if (byte == '\n') {
      buf_put(out, S("\\n"));
    } else if (byte < 0x20 || byte == 0x7f) {
      buf_put(out, S("\\u00"));
      buf_putc(out, HEX[byte >> 4]);
      buf_putc(out, HEX[byte & 15]);
    } else {
      buf_putc(out, (char)byte);
    }
  }
  buf_putc(out, '"');
}

static void put_json_field(Buf *out, const char *key, Str value) {
  buf_putc(out, '"');
  buf_puts(out, key);
  buf_put(out, S("\":"));
  put_json(out, value);
}

/* `pointer` names the bad value; with an empty one there is no errors[]. */
static void build_problem(Ticket *ticket, int status, Str code, Str detail, Str pointer, Str message) {
  Buf json = buf_new(ticket->request.arena, PROBLEM_BYTES_MAX);
  buf_putc(&json, '{');
  put_json_field(&json, "type", S("about:blank"));
  buf_putc(&json, ',');
  put_json_field(&json, "title", str_from_c(reason(status)));
  buf_put(&json, S(",\"status\":"));
  buf_i64(&json, status);
  buf_putc(&json, ',');
  put_json_field(&json, "code", code);
  buf_putc(&json, ',');
  put_json_field(&json, "detail", detail);
  buf_putc(&json, ',');
  put_json_field(&json, "request_id", ticket->request.id);
  buf_put(&json, S(",\"errors\":[{"));
  put_json_field(&json, "pointer", pointer);
  buf_putc(&json, ',');
  put_json_field(&json, "code", code);
  buf_putc(&json, ',');
  put_json_field(&json, "message", message);
  buf_put(&json, S("}]}"));
  static const HttpHeader RETRY[] = {{STR("Retry-After"), STR("1")}};
  http_response_build(ticket, &(HttpResponse){.status = status,
                                              .content_type = "application/problem+json",
                                              .headers = RETRY,
                                              .header_count = status == 503 || status == 429 ? COUNT(RETRY) : 0,
                                              .body = buf_str(&json)});
}

void http_response_build_problem(Ticket *ticket, int status, Str code, Str detail) {
  build_problem(ticket, status, code, detail, S(""), detail);
}

void http_response_build_error(Ticket *ticket, const Error *err) {
  Arena *arena = ticket->request.arena;
  Str message = str_from_c(err->message);
  Str detail = err->detail[0] ? str_format(arena, "%s\n%s", err->message, err->detail) : message;
  build_problem(ticket, error_http_status(err->code), str_from_c(error_code_name(err->code)), detail,
                str_from_c(err->pointer), message);
}

/* ---- what handlers call ---- */

static void send_back(HttpServer *server, Ticket *ticket) {
  Loop *loop = &server->loops[ticket->request.loop];
  if (http_loop_is_here(loop)) {
    http_exchange_answer(loop, ticket);
    return;
  }
  ticket->parcel.kind = PARCEL_ANSWER;
  if (!http_loop_post(loop, &ticket->parcel)) http_ticket_free_late(ticket);
}

void http_respond(HttpServer *server, HttpRequest *request, const HttpResponse *response) {
  Ticket *ticket = http_ticket_of(request);
  http_response_build(ticket, response);
  send_back(server, ticket);
}

void http_respond_error(HttpServer *server, HttpRequest *request, const Error *err) {
  Ticket *ticket = http_ticket_of(request);
  http_response_build_error(ticket, err);
  send_back(server, ticket);
}
