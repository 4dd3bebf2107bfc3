/* php_verdict - what a look at PHP comes to: findings, and where they are.
 */
#ifndef SPAMGEAR_SCAN_PHP_VERDICT_H
#define SPAMGEAR_SCAN_PHP_VERDICT_H

#include "spamgear/scan/detect.h"
#include "spamgear/scan/php_look.h"

/* Judges what the last look saw of this view, by points and by known hashes, and adds findings. A
 * budget that was spent makes the verdict UNKNOWN, unless something was found. */
void php_verdict(const struct php_look *look, const struct rules *rules, const struct view *view,
                 struct verdict *verdict);

/* The same for a part of the view, [at, at + len), that was looked at alone: only what is malicious
 * counts. */
void php_verdict_part(const struct php_look *look, const struct rules *rules,
                      const struct view *view, size_t at, size_t len, struct verdict *verdict);

/* The line of the looked at text in which this layer was unpacked, from 1. */
uint32_t php_layer_line(const struct php_sightings *seen, uint32_t layer);

#endif
