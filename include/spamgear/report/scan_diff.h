/* scan_diff - what cleaning would take out of a file, as a unified diff.
 *
 * Lines are escaped, so it is for reading, not for patch(1).
 */
#ifndef SPAMGEAR_REPORT_SCAN_DIFF_H
#define SPAMGEAR_REPORT_SCAN_DIFF_H

#include "spamgear/base/span.h"
#include "spamgear/scan/verdict.h"
#include <stdio.h>

#define SCAN_DIFF_LINE 200 /* bytes of a line that are shown */

/* Appends the diff of the verdict's cuts in the text they were found in. */
void scan_diff(struct strbuf *out, struct span path, struct span text,
               const struct verdict *verdict);

#endif
