/* Chunked bodies, decoded as they come: size line, data, CR LF, ..., zero chunk, trailers, empty line.
 * A state per byte border, so that input may be cut anywhere. Refused although the RFC lets a server live with it:
 * white space round the size, bare LF, folded trailers. Cost: each byte outside of data is one step, data is passed
 * through whole. */
#include "net/http_head.h"

enum {
  CHUNK_SIZE = 0,  /* digits of the size */
  CHUNK_EXTENSION, /* after ";" */
  CHUNK_SIZE_LF,   /* CR of the size line was read */
  CHUNK_DATA,
  CHUNK_DATA_CR, /* the data is over */
  CHUNK_DATA_LF,
  CHUNK_TRAILER, /* at the start of a line after the zero chunk */
  CHUNK_TRAILER_NAME,
  CHUNK_TRAILER_VALUE,
  CHUNK_TRAILER_LF,
  CHUNK_END_LF,
  CHUNK_OVER,
};

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  char lower = (char)(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static const char *read_size(ChunkDecoder *d, char c) {
  int digit = hex_value(c);
  if (digit >= 0) {
    if (++d->digits > CHUNK_SIZE_DIGITS_MAX) return "the size of a chunk is too large";
    d->left_bytes = d->left_bytes * 16 + (u64)digit;
    return NULL;
  }
  if (d->digits == 0) return "a chunk must begin with its size in hex digits";
  if (c != '\r' && c != ';') return "the size of a chunk must be hex digits, then CR LF";
  d->state = c == '\r' ? CHUNK_SIZE_LF : CHUNK_EXTENSION;
  return NULL;
}

static const char *read_extension(ChunkDecoder *d, char c) {
  if (c == '\r') {
    d->state = CHUNK_SIZE_LF;
    return NULL;
  }
  if (!http_is_value_char(c)) return "a chunk extension has a control character";
  if (++d->extension_bytes > CHUNK_EXTENSION_BYTES_MAX) return "the chunk extensions are larger than 4 KiB";
  return NULL;
}

static void end_size_line(ChunkDecoder *d) {
  d->state = d->left_bytes == 0 ? CHUNK_TRAILER : CHUNK_DATA;
  d->digits = 0;
}

static const char *read_trailer(ChunkDecoder *d, char c) {
  if (++d->trailer_bytes > CHUNK_TRAILER_BYTES_MAX) return "the trailer fields are larger than 4 KiB";
  if (d->state == CHUNK_TRAILER && c == '\r') {
    d->state = CHUNK_END_LF;
  } else if (d->state == CHUNK_TRAILER) {
    if (!http_is_token_char(c)) return "a trailer field must begin with its name";
    d->state = CHUNK_TRAILER_NAME;
  } else if (d->state == CHUNK_TRAILER_NAME) {
    if (c != ':' && !http_is_token_char(c)) return "the name of a trailer field is not a token";
    if (c == ':') d->state = CHUNK_TRAILER_VALUE;
  } else if (c == '\r') {
    d->state = CHUNK_TRAILER_LF;
  } else if (!http_is_value_char(c)) {
    return "a trailer field has a control character";
  }
  return NULL;
}

static const char *read_newline(ChunkDecoder *d, char c) {
  if (c != '\n') return "a line of the chunked coding must end with CR LF";
  switch (d->state) {
  case CHUNK_SIZE_LF: end_size_line(d); break;
  case CHUNK_DATA_LF: d->state = CHUNK_SIZE; break;
  case CHUNK_TRAILER_LF: d->state = CHUNK_TRAILER; break;
  default: d->state = CHUNK_OVER; break;
  }
  return NULL;
}

/* One byte outside of data. */
static const char *read_byte(ChunkDecoder *d, char c) {
  switch (d->state) {
  case CHUNK_SIZE: return read_size(d, c);
  case CHUNK_EXTENSION: return read_extension(d, c);
  case CHUNK_DATA_CR:
    if (c != '\r') return "the data of a chunk must be followed by CR LF";
    d->state = CHUNK_DATA_LF;
    return NULL;
  case CHUNK_TRAILER:
  case CHUNK_TRAILER_NAME:
  case CHUNK_TRAILER_VALUE: return read_trailer(d, c);
  default: return read_newline(d, c);
  }
}

static Str take_data(ChunkDecoder *d, Str rest) {
  Str data = str_slice(rest, 0, (size_t)MIN((u64)rest.len, d->left_bytes));
  d->left_bytes -= data.len;
  if (d->left_bytes == 0) d->state = CHUNK_DATA_CR;
  return data;
}

HttpStep http_chunk_next(ChunkDecoder *d, Str input, size_t *out_used, Str *out_data, HttpProblem *out_problem) {
  size_t at = 0;
  while (at < input.len && d->state != CHUNK_OVER) {
    if (d->state == CHUNK_DATA) {
      *out_data = take_data(d, str_slice(input, at, input.len));
      *out_used = at + out_data->len;
      return HTTP_STEP_DATA;
    }
    const char *wrong = read_byte(d, input.ptr[at++]);
    if (!wrong) continue;
    *out_used = at;
    *out_problem = (HttpProblem){.status = 400, .message = wrong};
    return HTTP_STEP_BAD;
  }
  *out_used = at;
  return d->state == CHUNK_OVER ? HTTP_STEP_DONE : HTTP_STEP_MORE;
}
