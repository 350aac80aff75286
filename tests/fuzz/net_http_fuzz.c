/* A connection's bytes through the head parser and the chunk decoder, whole and byte by byte: both must agree, and what
 * was accepted must keep what strictness promises. */
#include <stdlib.h>
#include <string.h>

#include "net/http_head.h"

static void check_head(const HttpHead *head) {
  u32 hosts = 0, framings = 0;
  for (size_t i = 0; i < head->header_count; i++) {
    const HttpHeader *field = &head->headers[i];
    if (!http_is_token(field->name)) abort();
    for (size_t k = 0; k < field->value.len; k++)
      if (!http_is_value_char(field->value.ptr[k])) abort();
    if (str_equal_nocase(field->name, S("host"))) hosts++;
    if (str_equal_nocase(field->name, S("content-length"))) framings++;
    if (str_equal_nocase(field->name, S("transfer-encoding"))) framings++;
  }
  if (hosts > 1 || (!head->old && hosts != 1) || framings > 1) abort();
  if (head->path.len == 0 || head->path.ptr[0] != '/' || !utf8_valid(head->path)) abort();
  if (str_find(head->path, S("/../"), 0) != SIZE_MAX) abort();
}

static HttpStep scan_in_steps(Str input, size_t *out_bytes) {
  HttpScan scan = {0};
  HttpProblem problem;
  HttpStep step = HTTP_STEP_MORE;
  for (size_t given = 1; given <= input.len && step == HTTP_STEP_MORE; given++)
    step = http_head_scan(&scan, str_slice(input, 0, given), out_bytes, &problem);
  return step;
}

/* Returns the last step; *out_used and *out_sum tell whether two ways of cutting agree. */
static HttpStep decode(Str input, size_t piece_bytes, size_t *out_used, u64 *out_sum) {
  ChunkDecoder decoder = {0};
  HttpStep step = HTTP_STEP_MORE;
  *out_used = 0;
  *out_sum = 14695981039346656037u;
  while (*out_used < input.len && (step == HTTP_STEP_MORE || step == HTTP_STEP_DATA)) {
    Str piece = str_slice(input, *out_used, piece_bytes < input.len - *out_used ? *out_used + piece_bytes : input.len);
    Str data = STR_NONE;
    size_t used = 0;
    HttpProblem problem;
    step = http_chunk_next(&decoder, piece, &used, &data, &problem);
    if (used == 0 || used > piece.len) abort();
    *out_used += used;
    for (size_t i = 0; step == HTTP_STEP_DATA && i < data.len; i++)
      *out_sum = (*out_sum ^ (u8)data.ptr[i]) * 1099511628211u;
  }
  return step;
}

static void fuzz_body(Str input) {
  size_t whole_used, piece_used;
  u64 whole_sum, piece_sum;
  HttpStep whole = decode(input, input.len, &whole_used, &whole_sum);
  HttpStep pieces = decode(input, 1, &piece_used, &piece_sum);
  bool open = whole == HTTP_STEP_MORE || whole == HTTP_STEP_DATA;
  bool open_too = pieces == HTTP_STEP_MORE || pieces == HTTP_STEP_DATA;
  if (whole_sum != piece_sum || whole_used != piece_used || open != open_too || (!open && whole != pieces)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Str input = {(const char *)data, size};
  HttpScan scan = {0};
  HttpProblem problem = {0};
  size_t bytes = 0, bytes_too = 0;
  HttpStep step = http_head_scan(&scan, input, &bytes, &problem);
  /* A bad head may show only in a later piece, but never differently. */
  if (size > 0 && scan_in_steps(input, &bytes_too) != step) abort();
  if (step != HTTP_STEP_DONE) {
    fuzz_body(input);
    return 0;
  }
  if (bytes != bytes_too || bytes > size) abort();
  Arena *arena = arena_new();
  HttpHead head;
  if (http_head_parse(arena, str_copy(arena, str_slice(input, 0, bytes)), &head, &problem)) {
    check_head(&head);
    if (head.chunked) fuzz_body(str_slice(input, bytes, size));
    HttpRequest request = {.arena = arena, .query = head.query};
    http_query(&request, "a", 0);
  } else if (problem.status < 400) {
    abort();
  }
  arena_free(arena);
  return 0;
}
