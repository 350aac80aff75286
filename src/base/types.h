/* The words every file uses: fixed-width integers, attributes, ASSERT. */
#ifndef TOCSIN_BASE_TYPES_H
#define TOCSIN_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define COUNT(array)      (sizeof(array) / sizeof((array)[0]))
#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define CLEANUP(fn)       __attribute__((cleanup(fn)))
#define UNUSED            __attribute__((unused))
#define NORETURN          __attribute__((noreturn))
#define MIN(a, b)         ((a) < (b) ? (a) : (b))
#define MAX(a, b)         ((a) > (b) ? (a) : (b))
#define KIB(n)            ((size_t)(n)*1024)
#define MIB(n)            ((size_t)(n)*1024 * 1024)

#define SECOND_MS ((i64)1000)
#define MINUTE_MS ((i64)60 * 1000)
#define HOUR_MS   ((i64)3600 * 1000)
#define DAY_MS    ((i64)86400 * 1000)

/* Stops the process with file, line and the broken condition. Only for what no input can cause. */
NORETURN void assert_failed(const char *condition, const char *file, int line);
#define ASSERT(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))

#endif
