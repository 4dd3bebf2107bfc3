/* scan_account - the account of a verdict (scan/account) for people and for programs. */
#ifndef SPAMGEAR_REPORT_SCAN_ACCOUNT_H
#define SPAMGEAR_REPORT_SCAN_ACCOUNT_H

#include "spamgear/base/json.h"
#include "spamgear/scan/account.h"

/* Indented lines, each closed by `end`. Appends; nothing for an empty account. */
void scan_account_text(const struct account *account, char end, struct strbuf *out);

/* Members "score", "malicious_from", "contributions", "flows" and "layers" (docs/output.md); none
 * for an empty account. */
void scan_account_json(const struct account *account, struct json *json);

#endif
