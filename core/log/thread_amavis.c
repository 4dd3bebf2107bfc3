/* thread_amavis - amavis' long lines, which it writes in parts.
 *
 *     (30290-03) Passed SPAM {..}, .. -> <a@b>,<c...
 *     (30290-03) ...@d>, Queue-ID: ..., 667 ms
 *
 * Messages to many recipients, spam above all, have such lines. The parts of one process and one
 * task are put together before they are read; what is awaited is bounded, the oldest gives way.
 */
#include "thread_parts.h"

#define DOTS     SPAN("...")
#define TEXT_MAX (64 * 1024) /* bytes of a line that is put together */

/* "PID (TASK) " into key; *rest is what follows. */
static bool take_key(const struct syslog_head *head, char key[PART_KEY], size_t *len,
                     struct span *rest)
{
    struct span task;
    *rest = head->text;
    if (!field_eat(rest, SPAN("(")) || !field_until_text(rest, SPAN(") "), &task) ||
        head->pid.len + 1 + task.len > PART_KEY)
        return false;
    if (head->pid.len > 0)
        memcpy(key, head->pid.at, head->pid.len);
    key[head->pid.len] = ' ';
    memcpy(key + head->pid.len + 1, task.at, task.len);
    *len = head->pid.len + 1 + task.len;
    return true;
}

/* Its place; NULL, or the one that waits the longest where a new one is wanted. */
static struct amavis_part *find_part(struct threads *threads, struct span key, bool fresh)
{
    struct amavis_part *oldest = &threads->parts[0];
    for (size_t i = 0; i < PARTS_MAX; i++) {
        struct amavis_part *part = &threads->parts[i];
        if (part->key_len > 0 && part->host == threads->host &&
            span_is((struct span){part->key, part->key_len}, key))
            return part;
        if (part->seq < oldest->seq)
            oldest = part;
    }
    return fresh ? oldest : NULL;
}

static void begin_part(struct threads *threads, struct span key, struct span text,
                       enum origin origin)
{
    struct amavis_part *part = find_part(threads, key, true);
    memcpy(part->key, key.at, key.len);
    part->key_len = (unsigned char)key.len;
    part->host = threads->host;
    part->seq = ++threads->seq;
    part->origin = origin;
    strbuf_reset(&part->text);
    strbuf_add_span(&part->text, text);
    threads->own_dirty = true;
}

/* Adds what goes on. True when that was the end: head and line are those of the whole. */
static bool add_part(struct threads *threads, struct amavis_part *part, struct span more,
                     struct log_line *line, struct syslog_head *head)
{
    bool ends = !field_eat_end(&more, DOTS);
    threads->own_dirty = true;
    if (line->origin < part->origin)
        part->origin = line->origin;
    if (part->text.len + more.len > TEXT_MAX) {
        threads->counts.unknown++;
        ends = true;
        more.len = 0;
        part->text.len = 0;
    }
    strbuf_add_span(&part->text, more);
    if (!ends)
        return false;
    part->key_len = 0;
    part->seq = 0;
    line->origin = part->origin;
    head->text = strbuf_span(&part->text);
    return true;
}

bool threads_whole_amavis(struct threads *threads, struct log_line *line, struct syslog_head *head)
{
    char key[PART_KEY];
    size_t len;
    struct span rest, text = head->text;
    bool goes_on = field_eat_end(&text, DOTS);
    if (!goes_on && field_find(head->text, SPAN(") ...")) == NULL)
        return true;
    if (!take_key(head, key, &len, &rest))
        return true;
    struct span name = {key, len};
    if (field_eat(&rest, DOTS)) {
        struct amavis_part *part = find_part(threads, name, false);
        return part != NULL && add_part(threads, part, rest, line, head);
    }
    if (!goes_on ||
        !(span_has_prefix(rest, SPAN("Passed ")) || span_has_prefix(rest, SPAN("Blocked "))))
        return true;
    begin_part(threads, name, text, line->origin);
    return false;
}
