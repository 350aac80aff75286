/* Answers: JSON, and problem+json (RFC 9457) for everything that went wrong. */
#include "core/api/internal.h"
#include "lang/json.h"

void respond_json(App *app, HttpRequest *request, int status, const Value *body) {
  Buf buf = buf_new(request->arena, MIB(64));
  json_write(&buf, body);
  respond_text(app, request, status, "application/json", buf_str(&buf));
}

void respond_text(App *app, HttpRequest *request, int status, const char *content_type, Str body) {
  HttpResponse response = {.status = status, .content_type = content_type, .body = body};
  http_respond(app->http, request, &response);
}

static Value field_error_value(Arena *arena, Str pointer, const char *code, Str message) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "pointer", value_string(pointer));
  map_put_c(&map, "code", value_c(code));
  map_put_c(&map, "message", value_string(message));
  return map_done(&map);
}

const char *api_problem_title(int status) {
  static const char *const TITLES[] = {
      [400] = "Bad Request",         [401] = "Unauthorized",          [403] = "Forbidden",
      [404] = "Not Found",           [405] = "Method Not Allowed",    [409] = "Conflict",
      [412] = "Precondition Failed", [413] = "Content Too Large",     [422] = "Unprocessable Content",
      [429] = "Too Many Requests",   [500] = "Internal Server Error", [503] = "Service Unavailable"};
  bool known = status >= 0 && (size_t)status < COUNT(TITLES) && TITLES[status];
  return known ? TITLES[status] : "Error";
}

static Value problem_errors(const Call *call, const Error *err) {
  ValueVec errors = {0};
  for (size_t i = 0; i < call->errors.count; i++) {
    const FieldError *e = &call->errors.items[i];
    *VEC_PUSH(call->arena, &errors) = field_error_value(call->arena, e->pointer, e->code, e->message);
  }
  if (errors.count == 0 && err->pointer[0])
    *VEC_PUSH(call->arena, &errors) =
        field_error_value(call->arena, str_from_c(err->pointer), error_code_name(err->code), str_from_c(err->message));
  return list_done(&errors);
}

/* What the status asks for beside the body. */
static HttpHeader *problem_headers(const Call *call, int status, size_t *out_count) {
  HttpHeader *header = ARENA_NEW(call->arena, HttpHeader);
  *out_count = 1;
  if (status == 401)
    *header = (HttpHeader){S("WWW-Authenticate"), S("Bearer")};
  else if (status == 405)
    *header = (HttpHeader){S("Allow"), call->allow};
  else if (call->wait_ms > 0)
    *header = (HttpHeader){S("Retry-After"), str_format(call->arena, "%lld", (long long)(call->wait_ms + 999) / 1000)};
  else if (status == 503)
    *header = (HttpHeader){S("Retry-After"), S("5")};
  else
    *out_count = 0;
  return header;
}

HttpResponse api_problem(const Call *call, const Error *err) {
  int status = error_http_status(err->code);
  if (status == 500)
    log_error("api", "%.*s %.*s: %s", STR_ARG(call->request->method_text), STR_ARG(call->request->raw_path),
              err->message);
  MapBuilder map = map_builder(call->arena);
  map_put_c(&map, "type", value_string(S("about:blank")));
  map_put_c(&map, "title", value_c(api_problem_title(status)));
  map_put_c(&map, "status", value_int(status));
  map_put_c(&map, "code", value_c(error_code_name(err->code)));
  map_put_c(&map, "detail", value_c(err->message));
  if (err->detail[0]) map_put_c(&map, "context", value_c(err->detail));
  map_put_c(&map, "request_id", value_string(call->request->id));
  map_put_c(&map, "errors", problem_errors(call, err));
  Value body = map_done(&map);
  HttpResponse response = {
      .status = status, .content_type = "application/problem+json", .body = json_text(call->arena, &body)};
  response.headers = problem_headers(call, status, &response.header_count);
  return response;
}

void api_respond_problem(Call *call, const Error *err) {
  HttpResponse response = api_problem(call, err);
  http_respond(call->app->http, call->request, &response);
}

void api_respond(Call *call) {
  int status = call->status ? call->status : 200;
  if (call->raw.ptr || status == 204) {
    respond_text(call->app, call->request, status, call->content_type, call->raw);
    return;
  }
  Buf buf = buf_new(call->arena, MIB(64));
  json_write(&buf, &call->answer);
  HttpHeader etag = {S("ETag"), str_format(call->arena, "\"%lld\"", (long long)call->answer_version)};
  HttpResponse response = {.status = status,
                           .content_type = "application/json",
                           .body = buf_str(&buf),
                           .headers = &etag,
                           .header_count = call->answer_version > 0};
  http_respond(call->app->http, call->request, &response);
}
