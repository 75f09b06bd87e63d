/* libdeepscaler_verify: is the final answer of a response equal to the reference answer?
 *
 * Each call answers in JSON, so a later version may say more without breaking anyone; what counts as equal is
 * in docs/verifier.md. Work is bounded by counted steps: no answer, however hostile, takes longer than about
 * 50 ms or more than 64 MB, and a verdict is the same on every machine and in every thread.
 *
 * Threads. All functions may be called from any number of threads at once, and in the child of a fork. A
 * thread needs 256 KiB of stack. The library keeps no state but caches of the calling thread, which go with
 * it.
 *
 * Memory. The caller owns what it passes, and may free it after the call. A result is the caller's: a string
 * with a terminating zero that deepscaler_free() takes back. NULL means that there is no memory, and nothing
 * else.
 *
 * Mistakes. A wrong call is answered by {"error": "place: what is wrong; what to do"}. No C++ exception
 * leaves the library, and it writes to no terminal. The caller's locale and floating-point mode neither
 * matter nor change.
 *
 * Bytes. Texts are UTF-8, and any other bytes are taken too: they equal only themselves, and a result shows
 * each as U+FFFD. Zero bytes are bytes like others.
 */
#ifndef DEEPSCALER_VERIFY_H
#define DEEPSCALER_VERIFY_H

#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DEEPSCALER_API __attribute__((visibility("default")))

/* What is longer is refused as an error. An answer of more than 16 KiB is read by nobody:
 * `unparsable_answer`. */
#define DEEPSCALER_MAX_TEXT_BYTES (64u << 20)

/* `bytes` bytes at `data`. {NULL, 0} is the empty text. */
typedef struct deepscaler_text {
  const char* data;
  size_t bytes;
} deepscaler_text;

/* The text of a string with a terminating zero. */
static inline deepscaler_text deepscaler_text_of(const char* string) {
  deepscaler_text text;
  text.data = string;
  text.bytes = string == NULL ? 0 : strlen(string);
  return text;
}

typedef struct deepscaler_check {
  const deepscaler_text* answers; /* the reference answers, any of which counts */
  size_t answer_count;
  deepscaler_text response;
  deepscaler_text problem; /* an answer that only repeats it is wrong; empty where it is not known */
} deepscaler_check;

/* Grades one response. `options` is NULL or a JSON object with any of these keys:
 *   "extract"                 where the answer is: "boxed", the last box after the thinking (the default),
 *                             or "any", also "the answer is ...", the last formula or number
 *   "prompt_opened_thinking"  true: the prompt ended in <think>, and responses without </think> are cut off
 *   "grader"                  "answer" (the default), or "countdown": the answer is a task, "98 from 44, 19"
 *   the policies of docs/verifier.md by their names, such as "decimal_places"
 * The result is {"correct": bool, "undecided": bool, "extracted": string, "reason": string}. */
DEEPSCALER_API char* deepscaler_grade(deepscaler_text answer, deepscaler_text response, const char* options);

/* Grades many with `threads` threads, one per core that the process may use where it is 0. The result is a
 * JSON array of what deepscaler_grade() answers, in order; for wrong options, or NULL checks, one error in
 * its place. */
DEEPSCALER_API char* deepscaler_grade_batch(const deepscaler_check* checks, size_t count, const char* options,
                                            unsigned threads);

/* The final answer in a response: {"found": string, "extracted": string}, where found is "answer", "none",
 * "empty" (a box with nothing in it) or "truncated". Options are as above; graders and policies do not
 * matter. */
DEEPSCALER_API char* deepscaler_extract(deepscaler_text response, const char* options);

/* The version and a hash of the verifier's sources, "0.1.0+1f3a55c0d2e4": libraries and programs with the
 * same one give the same verdicts. Never freed. */
DEEPSCALER_API const char* deepscaler_version(void);

/* Takes back a result; NULL does nothing. */
DEEPSCALER_API void deepscaler_free(char* result);

#ifdef __cplusplus
}
#endif

#endif
