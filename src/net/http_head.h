/* The pure half of the server, without sockets: finding the end of a request head, parsing it, decoding chunked bodies.
 * Strict by RFC 9112: two readers that disagree about where a request ends are how requests are smuggled, so everything
 * that another program might read differently is refused, even where the RFC would let us be lenient. */
#ifndef TOCSIN_NET_HTTP_HEAD_H
#define TOCSIN_NET_HTTP_HEAD_H

#include "net/http_server.h"

enum {
  HTTP_HEAD_BYTES_MAX = 16 * 1024,  /* request line and fields together, else 431 */
  HTTP_TARGET_BYTES_MAX = 8 * 1024, /* else 414 */
  HTTP_HEADERS_MAX = 100,           /* else 431 */
  HTTP_METHOD_BYTES_MAX = 32,
  CHUNK_EXTENSION_BYTES_MAX = 4 * 1024, /* of one body, all chunks together */
  CHUNK_TRAILER_BYTES_MAX = 4 * 1024,
  CHUNK_SIZE_DIGITS_MAX = 8, /* leading zeros count */
};

/* Why a request is refused. `message` is a literal, made for the person who wrote the client. */
typedef struct HttpProblem {
  int status;
  const char *message;
} HttpProblem;

typedef enum HttpStep {
  HTTP_STEP_MORE, /* all given bytes are used; ask again with more */
  HTTP_STEP_DATA, /* chunks only: some bytes of the body */
  HTTP_STEP_DONE,
  HTTP_STEP_BAD,
} HttpStep;

/* Where an unfinished scan stopped, so that a head that comes byte by byte is looked at once. Zeroed for each head. */
typedef struct HttpScan {
  size_t seen_bytes;
  size_t line_start;
  size_t lines;
} HttpScan;

/* Looks for the empty line that ends the head which begins at bytes.ptr. `bytes` begins with what earlier calls saw.
 * DONE: *out_bytes is the length of the head with its empty line. BAD: *out_problem is set. */
HttpStep http_head_scan(HttpScan *scan, Str bytes, size_t *out_bytes, HttpProblem *out_problem);

typedef struct HttpHead {
  HttpMethod method;
  Str method_text, raw_path, path, query;
  HttpHeader *headers;
  size_t header_count;
  u64 content_length; /* 0 when absent or chunked */
  bool chunked;
  bool old; /* HTTP/1.0 */
  bool keep_alive;
  bool expect_continue;
} HttpHead;

/* `block` is what http_head_scan delimited; the result points into it and into the arena. */
MUST_CHECK bool http_head_parse(Arena *arena, Str block, HttpHead *out, HttpProblem *out_problem);

/* Chunked coding, one byte border at a time. Zeroed for each body. */
typedef struct ChunkDecoder {
  int state;
  u32 digits;
  u64 left_bytes; /* of the current chunk; the size while it is read */
  size_t extension_bytes, trailer_bytes;
} ChunkDecoder;

/* Reads on from `input`. *out_used bytes of it are done with. DATA: *out_data (a slice of input) belongs to the body;
 * call again with the rest. DONE: the body and its trailers (which are checked and ignored) are over. */
HttpStep http_chunk_next(ChunkDecoder *decoder, Str input, size_t *out_used, Str *out_data, HttpProblem *out_problem);

/* RFC 9110: characters of a token (method, field name), of a field value (obs-text included). */
bool http_is_token(Str text);
bool http_is_token_char(char c);
bool http_is_value_char(char c);

#endif
