/* run - walks through a PHP file as if it ran, with everything that only computes computed, and
 * writes down what reaches a sink.
 *
 * An abstract interpreter over php/tree: variables hold php_values; known conditions choose their
 * branch, unknown ones take both and merge; loops run while their condition is known and the
 * budget lasts, else their body is walked twice; functions of the file are walked with the
 * arguments of each call (depth and number bounded, results of equal calls remembered), and those
 * that nothing calls are walked once with arguments marked PHP_FROM_PARAMETER; methods share the
 * properties of their class. What eval and its like get as known text is lexed, parsed and walked
 * in the same scope, one layer deeper. Nothing is ever executed, opened or asked.
 *
 * It always ends: steps, bytes, depth and layers are budgets. Computing is optional, walking is
 * not: a loop or call that takes more than its part of them is walked as one that nobody knows,
 * and what it writes is marked as given up. sightings->spent says that something was not walked, or
 * that such a value is run, called, included or written as code; what was seen until then stands.
 */
#ifndef SPAMGEAR_PHP_RUN_H
#define SPAMGEAR_PHP_RUN_H

#include "spamgear/php/sighting.h"
#include "spamgear/php/tree.h"

struct php_limits {
    uint64_t steps;       /* PHP_LIMITS.steps and so on where 0 */
    size_t bytes;         /* of the heap */
    uint32_t layers;      /* texts that are walked */
    uint32_t layer_bytes; /* of one of them */
    uint32_t depth;       /* of layers in layers */
    uint32_t calls;       /* user functions in user functions */
};
extern const struct php_limits php_limits_default;

struct php_run;
struct php_run *php_run_new(const struct php_limits *limits); /* copied; NULL: the default */
void php_run_free(struct php_run *run);

/* Walks through a file. The result is borrowed until the next call; spans in it point into text and
 * into the run. */
const struct php_sightings *php_run_file(struct php_run *run, struct span text);
/* The same for a text that php_lex took apart already, with no flags; takes the tokens and leaves
 * other ones. */
const struct php_sightings *php_run_lexed(struct php_run *run, struct span text,
                                          struct php_tokens *tokens);

/* What the last php_run_file took of its budgets. */
struct php_cost {
    uint64_t steps;
    size_t bytes; /* of the heap; tokens and trees have their own memory */
};
struct php_cost php_run_cost(const struct php_run *run);

/* The file's own tokens and tree, of the last php_run_file: for those who look at its form. */
const struct php_tokens *php_run_tokens(const struct php_run *run);
const struct php_tree *php_run_tree(const struct php_run *run);

/* The way of a value as lines, source first: "  3: $x = $_GET['a']". Appends at most `lines`
 * lines, control bytes escaped. */
struct strbuf;
void php_trail_show(const struct php_run *run, uint32_t trail, unsigned lines, struct strbuf *out);

#endif
