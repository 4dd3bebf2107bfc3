/* sweep_act - what is done about a file in which something was found, and how it is told.
 *
 * Everything acts on the descriptor that was examined. Cleaning comes first; what cannot be
 * cleaned, or cannot be put in place, is taken away all the same. An act that fails is told, and
 * the run ends with trouble.
 */
#include "sweep_parts.h"

#include "spamgear/base/map.h"
#include "spamgear/react/rewrite.h"
#include "spamgear/report/scan_diff.h"
#include "spamgear/scan/clean.h"
#include <inttypes.h>
#include <unistd.h>

/* ---- telling ---- */

void sweep_complain(struct run *run, const char *text)
{
    scan_report_pause(run->sweep->report);
    run->complain(text);
}

void sweep_complain_of(struct run *run, const struct item *item, const char *text)
{
    strbuf_reset(&run->said);
    strbuf_format(&run->said, "%s: %s", strbuf_text(&item->path), text);
    sweep_complain(run, strbuf_text(&run->said));
}

/* ---- acting ---- */

struct act {
    enum scan_act what;
    char id[VAULT_ID];
    struct strbuf why;
};

static struct vault_file vault_file_of(const struct item *item, const struct verdict *verdict,
                                       const char *hits, const char *reason)
{
    return (struct vault_file){.path = strbuf_text(&item->path),
                               .fd = item->fd,
                               .st = &item->st,
                               .hash = verdict->has_hash ? verdict->hash : NULL,
                               .hits = hits,
                               .reason = reason};
}

static int rewrite_item(struct run *run, struct item *item, const struct verdict *verdict,
                        const char *hits, struct act *act)
{
    struct vault_file file = vault_file_of(item, verdict, hits, "backup before cleaning");
    act->what = SCAN_ACT_CLEANED;
    if (run->sweep->dry_run)
        return 0;
    if (vault_keep(run->sweep->vault, &file, act->id, &act->why) != 0)
        return -1;
    return rewrite_file(file.path, item->fd, &item->st, item->cleaned_fd, verdict->cleaned_size,
                        &act->why);
}

static int remove_item(struct run *run, struct item *item, const struct verdict *verdict,
                       const char *hits, struct act *act)
{
    struct vault_file file = vault_file_of(item, verdict, hits, "deleted");
    act->what = SCAN_ACT_DELETED;
    if (run->sweep->dry_run)
        return 0;
    return vault_delete_file(&file, &act->why);
}

static int take_item(struct run *run, struct item *item, const struct verdict *verdict,
                     const char *hits, struct act *act)
{
    struct vault_file file = vault_file_of(item, verdict, hits, "quarantined");
    act->what = SCAN_ACT_QUARANTINED;
    if (run->sweep->dry_run)
        return 0;
    return vault_take(run->sweep->vault, &file, act->id, &act->why);
}

/* After a file was taken away, deleted or replaced: the names that are left of it, hard links that
 * may come by later. */
static void note_links(struct run *run, const struct item *item)
{
    struct stat now;
    if (run->sweep->dry_run || fstat(item->fd, &now) != 0)
        return;
    const uint64_t key[] = {now.st_dev, now.st_ino};
    struct span bytes = {(const char *)key, sizeof key};
    if (now.st_nlink == 0 && map_get(&run->linked, bytes) == MAP_NONE)
        return;
    bool added;
    uint32_t number = map_put(&run->linked, bytes, &added);
    if (added)
        vec_add(&run->links)->path = mem_text(strbuf_text(&item->path));
    run->links.at[number].left = now.st_nlink;
}

void sweep_complain_of_links(struct run *run)
{
    for (size_t i = 0; i < run->links.len; i++) {
        const struct links *links = &run->links.at[i];
        if (links->left > 0) {
            strbuf_reset(&run->said);
            strbuf_format(&run->said,
                          "%s: other names of this file (hard links) are left: %" PRIu64,
                          links->path, links->left);
            sweep_complain(run, strbuf_text(&run->said));
        }
        free(links->path);
    }
    vec_clear(&run->links);
    map_clear(&run->linked);
}

/* Where the content has a hash, which the vault compares, it does not matter that the rest changed
 * since: another name of the file was taken away a moment ago, or its owner changes its mode
 * to keep it. */
static void accept_changes(struct item *item, const struct verdict *verdict)
{
    struct stat now;
    if (verdict->has_hash && fstat(item->fd, &now) == 0)
        item->st = now;
}

/* What keeps a file from being rewritten (attributes that cannot be copied) need not keep it from
 * being taken away. */
static int clean_item(struct run *run, struct item *item, const struct verdict *verdict,
                      const char *hits, struct act *act)
{
    if (rewrite_item(run, item, verdict, hits, act) == 0)
        return 0;
    sweep_complain(run, strbuf_text(&act->why));
    return take_item(run, item, verdict, hits, act);
}

/* Cleaning comes first; a file that cannot be cleaned is taken away all the same. */
static void act_on(struct run *run, struct item *item, const struct verdict *verdict,
                   const char *hits, struct act *act)
{
    const struct sweep *sweep = run->sweep;
    int result = 0;
    if (!verdict_acts(verdict, sweep->detect.rules))
        return;
    accept_changes(item, verdict);
    if (verdict->cleaning == CLEANING_DONE)
        result = clean_item(run, item, verdict, hits, act);
    else if (sweep->quarantine && sweep->remove)
        result = remove_item(run, item, verdict, hits, act);
    else if (sweep->quarantine || verdict->cleaning != CLEANING_NOT_ASKED)
        result = take_item(run, item, verdict, hits, act);
    if (result == 0 && act->what != SCAN_ACT_NONE)
        note_links(run, item);
    if (result == 0)
        return;
    act->what = SCAN_ACT_FAILED;
    sweep_complain(run, strbuf_text(&act->why)); /* begins with the path */
}

static void show_diff(struct run *run, struct item *item, const struct verdict *verdict)
{
    struct strbuf out = {0};
    size_t size = (size_t)item->st.st_size;
    char *text = size > CLEAN_MAX ? NULL : mem_alloc(size + 1);
    if (text == NULL)
        return;
    ssize_t got = pread(item->fd, text, size, 0);
    if (got > 0)
        scan_diff(&out, strbuf_span(&item->path), (struct span){text, (size_t)got}, verdict);
    scan_report_pause(run->sweep->report);
    fwrite(strbuf_text(&out), 1, out.len, run->sweep->report->out);
    strbuf_clear(&out);
    free(text);
}

/* Adds the file to its tenant's mail. user gets his name. */
static void notify(struct run *run, const struct item *item, const struct scan_file *file,
                   struct strbuf *user)
{
    const struct sweep *sweep = run->sweep;
    struct tenant tenant = {0};
    if (sweep->tenants == NULL)
        return;
    if (tenants_of(sweep->tenants, strbuf_span(&item->path), item->st.st_uid, &tenant)) {
        struct strbuf line = {0};
        scan_report_line(sweep->report, file, &line);
        notices_add(sweep->notices, &tenant, strbuf_span(&line));
        strbuf_add_span(user, strbuf_span(&tenant.user));
        strbuf_clear(&line);
    } else {
        sweep_complain_of(run, item, "nobody to notify: whose file it is cannot be told");
    }
    tenant_clear(&tenant);
}

/* Do the two files agree in these bytes? */
static bool same_bytes(int fd, uint64_t at, int other, uint64_t there, uint64_t len)
{
    char ours[4096], theirs[sizeof ours];
    while (len > 0) {
        size_t some = len < sizeof ours ? (size_t)len : sizeof ours;
        if (pread(fd, ours, some, (off_t)at) != (ssize_t)some ||
            pread(other, theirs, some, (off_t)there) != (ssize_t)some ||
            memcmp(ours, theirs, some) != 0)
            return false;
        at += some;
        there += some;
        len -= some;
    }
    return true;
}

bool sweep_is_only_cut(const struct item *item)
{
    const struct verdict *verdict = &item->verdict;
    uint64_t size = (uint64_t)item->st.st_size, at = 0, there = 0;
    for (uint32_t i = 0; i < verdict->cuts_len; i++) {
        const struct verdict_cut *cut = &verdict->cuts[i];
        if (cut->offset < at || cut->offset > size || cut->len > size - cut->offset ||
            !same_bytes(item->fd, at, item->cleaned_fd, there, cut->offset - at))
            return false;
        there += cut->offset - at;
        at = cut->offset + cut->len;
    }
    return verdict->cleaned_size == there + (size - at) &&
           same_bytes(item->fd, at, item->cleaned_fd, there, size - at);
}

/* ---- a found file ---- */

void sweep_found(struct run *run, struct item *item, const struct verdict *verdict)
{
    struct strbuf hits = {0}, user = {0};
    struct act act = {.what = SCAN_ACT_NONE};
    verdict_labels(verdict, run->sweep->detect.rules, &hits);
    act_on(run, item, verdict, strbuf_text(&hits), &act);
    struct scan_file file = {.path = strbuf_span(&item->path),
                             .verdict = verdict,
                             .act = act.what,
                             .case_id = act.id[0] != '\0' ? act.id : NULL,
                             .act_why = act.what == SCAN_ACT_FAILED ? strbuf_text(&act.why) : NULL};
    notify(run, item, &file, &user);
    file.user = user.len > 0 ? strbuf_text(&user) : NULL;
    scan_report_file(run->sweep->report, &file);
    if (run->sweep->dry_run && verdict->cleaning == CLEANING_DONE &&
        run->sweep->report->settings.format == SCAN_TEXT)
        show_diff(run, item, verdict);
    run->totals->found++;
    strbuf_clear(&hits);
    strbuf_clear(&user);
    strbuf_clear(&act.why);
}
