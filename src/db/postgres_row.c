/* Rows as they came over the wire, in the binary format: big-endian integers, raw text and bytes. SUM and AVG over
 * integers are `numeric`, which is read digit by digit. */
#include <stdio.h>
#include <string.h>

#include "db/postgres_conn.h"

enum { NUMERIC_BASE = 10000, NUMERIC_NEGATIVE = 0x4000, NUMERIC_HEAD = 8 };

static const PgRow *of(const DbRow *row) {
  return (const PgRow *)(const void *)row;
}

static u64 read_big_endian(const char *bytes, int count) {
  u64 number = 0;
  for (int i = 0; i < count; i++) number = number << 8 | (u8)bytes[i];
  return number;
}

static double double_of(u64 bits) {
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

/* Digits of base 10,000, the first of weight `weight`. */
static double read_numeric(const char *bytes, int length) {
  if (length < NUMERIC_HEAD) return 0;
  int digits = (int)read_big_endian(bytes, 2), weight = (i16)read_big_endian(bytes + 2, 2);
  double number = 0, unit = 1;
  for (int i = 0; i < weight; i++) unit *= NUMERIC_BASE;
  for (int i = 0; i > weight; i--) unit /= NUMERIC_BASE;
  for (int i = 0; i < digits && NUMERIC_HEAD + 2 * i + 2 <= length; i++) {
    number += unit * (double)read_big_endian(bytes + NUMERIC_HEAD + 2 * i, 2);
    unit /= NUMERIC_BASE;
  }
  return read_big_endian(bytes + 4, 2) == NUMERIC_NEGATIVE ? -number : number;
}

/* Whole ones up to 2^63: sums of counts and times do not fit into a double. */
static i64 read_whole_numeric(const char *bytes, int length) {
  if (length < NUMERIC_HEAD) return 0;
  int digits = (int)read_big_endian(bytes, 2), weight = (i16)read_big_endian(bytes + 2, 2);
  u64 number = 0;
  for (int i = 0; i <= weight && i < 6; i++) {
    bool there = i < digits && NUMERIC_HEAD + 2 * i + 2 <= length;
    number = number * NUMERIC_BASE + (there ? read_big_endian(bytes + NUMERIC_HEAD + 2 * i, 2) : 0);
  }
  return read_big_endian(bytes + 4, 2) == NUMERIC_NEGATIVE ? -(i64)number : (i64)number;
}

static i64 read_decimal(const char *text, int length) {
  i64 number = 0;
  return str_to_i64((Str){text, (size_t)length}, INT64_MIN, INT64_MAX, &number) ? number : 0;
}

i64 pg_row_int(const DbRow *row, int column) {
  const PgRow *r = of(row);
  if (PQgetisnull(r->result, r->row, column)) return 0;
  const char *bytes = PQgetvalue(r->result, r->row, column);
  int length = PQgetlength(r->result, r->row, column);
  switch (PQftype(r->result, column)) {
  case PG_INT8:
  case PG_XID8: return (i64)read_big_endian(bytes, 8);
  case PG_INT4: return (i32)read_big_endian(bytes, 4);
  case PG_OID: return (i64)read_big_endian(bytes, 4);
  case PG_INT2: return (i16)read_big_endian(bytes, 2);
  case PG_BOOL: return bytes[0] != 0;
  case PG_NUMERIC: return read_whole_numeric(bytes, length);
  case PG_FLOAT8: {
    double number = pg_row_double(row, column);
    return number >= -9.2e18 && number <= 9.2e18 ? (i64)number : 0;
  }
  default: return read_decimal(bytes, length);
  }
}

double pg_row_double(const DbRow *row, int column) {
  const PgRow *r = of(row);
  if (PQgetisnull(r->result, r->row, column)) return 0;
  const char *bytes = PQgetvalue(r->result, r->row, column);
  int length = PQgetlength(r->result, r->row, column);
  double number = 0;
  switch (PQftype(r->result, column)) {
  case PG_FLOAT8: return double_of(read_big_endian(bytes, 8));
  case PG_FLOAT4: {
    u32 bits = (u32)read_big_endian(bytes, 4);
    float small;
    memcpy(&small, &bits, sizeof small);
    return (double)small;
  }
  case PG_NUMERIC: return read_numeric(bytes, length);
  case PG_TEXT: return str_to_double((Str){bytes, (size_t)length}, &number) ? number : 0;
  default: return (double)pg_row_int(row, column);
  }
}

DbType pg_row_type(const DbRow *row, int column) {
  const PgRow *r = of(row);
  if (PQgetisnull(r->result, r->row, column)) return DB_TYPE_NULL;
  switch (PQftype(r->result, column)) {
  case PG_INT8:
  case PG_XID8:
  case PG_INT4:
  case PG_OID:
  case PG_INT2:
  case PG_BOOL: return DB_TYPE_INT;
  case PG_FLOAT4:
  case PG_FLOAT8: return DB_TYPE_DOUBLE;
  case PG_NUMERIC: /* a scale: not whole */
    return read_big_endian(PQgetvalue(r->result, r->row, column) + 6, 2) ? DB_TYPE_DOUBLE : DB_TYPE_INT;
  case PG_BYTEA: return DB_TYPE_BLOB;
  default: return DB_TYPE_TEXT;
  }
}

Str pg_row_peek(const DbRow *row, int column) {
  PgRow *r = (PgRow *)(uintptr_t)of(row);
  DbType type = pg_row_type(row, column);
  if (type == DB_TYPE_NULL) return STR_NONE;
  if (type == DB_TYPE_TEXT || type == DB_TYPE_BLOB)
    return (Str){PQgetvalue(r->result, r->row, column), (size_t)PQgetlength(r->result, r->row, column)};
  char *word = r->words[r->next_word++ % COUNT(r->words)];
  int length = type == DB_TYPE_INT ? snprintf(word, sizeof r->words[0], "%lld", (long long)pg_row_int(row, column))
                                   : snprintf(word, sizeof r->words[0], "%.17g", pg_row_double(row, column));
  return (Str){word, (size_t)length};
}

int pg_row_columns(const DbRow *row) {
  return PQnfields(of(row)->result);
}
const char *pg_row_name(const DbRow *row, int column) {
  return PQfname(of(row)->result, column);
}
