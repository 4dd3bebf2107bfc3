/* react_words - lines of an outcome, escaped. */
#include "react_words.h"

#include "line.h"
#include "spamgear/base/diag.h"
#include "spamgear/base/text.h"

static bool is_trouble(const struct react_outcome *outcome, const char *line)
{
    return strncmp(line, "failed:", 7) == 0 ||
           (strncmp(line, "not done:", 9) == 0 &&
            (outcome->result == REACT_REFUSED || outcome->result == REACT_PARTLY ||
             outcome->result == REACT_FAILED));
}

void react_words_tell(const struct react_outcome *outcome)
{
    struct strbuf line = {0};
    for (size_t i = 0; i < outcome->lines.len; i++) {
        if (is_trouble(outcome, outcome->lines.at[i])) {
            diag_error("%s", outcome->lines.at[i]);
            continue;
        }
        text_escape(&line, span_text(outcome->lines.at[i]));
        line_put(&line);
    }
    strbuf_clear(&line);
}
