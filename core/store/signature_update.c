/* signature_update - fetch, verify, judge, compare with the set in use, replace it. */
#include "spamgear/store/signature_update.h"

#include "spamgear/scan/signatures.h"
#include "spamgear/store/signature_judge.h"
#include <inttypes.h>
#include <stdio.h>

#define FALL_TO    2  /* fewer than one half of the signatures before: refused */
#define GROW_TO    3  /* more than three times as many, ... */
#define GROW_SLACK 20 /* ... and more than so many more */
#define SIG_MAX    4096
#define SIG_SUFFIX ".sig"

struct update {
    const struct signature_update *wish;
    int64_t now;
    struct texts *told, *problems;
    struct signature_sets *sets;
    struct signature_set old, set; /* in use; to be */
    struct texts changed;          /* names */
};

/* ---- fetching ---- */

static int check_signature(const struct update *update, const struct signature_source *source,
                           struct span text, struct strbuf *why)
{
    struct fetch_settings settings = update->wish->fetch;
    struct strbuf url = {0}, body = {0}, reason = {0};
    uint8_t signature[SIGNATURE_BYTES];
    settings.bytes_max = SIG_MAX;
    strbuf_format(&url, "%s" SIG_SUFFIX, source->url);
    int result = fetch_url(strbuf_text(&url), &settings, &body, &reason);
    if (result != 0)
        strbuf_why(why, "its signature %s: %s", strbuf_text(&url), strbuf_text(&reason));
    else if (!signature_read(strbuf_span(&body), signature))
        result = strbuf_why(why, "%s holds no Ed25519 signature", strbuf_text(&url));
    else if (!digest_verify_ed25519(text, signature, update->wish->key))
        result = strbuf_why(why, "its signature does not hold under the key");
    strbuf_clear(&url);
    strbuf_clear(&body);
    strbuf_clear(&reason);
    return result;
}

static int fetch_source(const struct update *update, const struct signature_source *source,
                        struct strbuf *text, bool *is_signed, struct strbuf *why)
{
    struct fetch_settings settings = update->wish->fetch;
    settings.bytes_max = SIGNATURES_FILE_MAX;
    *is_signed = update->wish->key != NULL && !source->is_unsigned;
    if (fetch_url(source->url, &settings, text, why) != 0)
        return -1;
    return *is_signed ? check_signature(update, source, strbuf_span(text), why) : 0;
}

/* The new file takes the text over. */
static void take_file(struct update *update, const struct signature_source *source,
                      struct strbuf *text, bool is_signed)
{
    uint8_t hash[DIGEST_BYTES];
    struct signature_file *file = signature_set_find(&update->set, source->name);
    digest_of(strbuf_span(text), hash);
    if (file != NULL && memcmp(file->hash, hash, sizeof hash) == 0 &&
        strcmp(file->url, source->url) == 0 && file->is_signed == is_signed) {
        strbuf_clear(text);
        return;
    }
    file = signature_set_add(&update->set, source->name);
    free(file->url);
    file->url = mem_text(source->url);
    file->fetched = update->now;
    file->is_signed = is_signed;
    file->size = text->len;
    memcpy(file->hash, hash, sizeof hash);
    strbuf_clear(&file->text);
    file->text = *text;
    *text = (struct strbuf){0};
    texts_add(&update->changed, source->name);
}

static void fetch_all(struct update *update)
{
    for (size_t i = 0; i < update->wish->sources->list.len; i++) {
        const struct signature_source *source = &update->wish->sources->list.at[i];
        struct strbuf text = {0}, why = {0};
        bool is_signed;
        if (fetch_source(update, source, &text, &is_signed, &why) == 0)
            take_file(update, source, &text, is_signed);
        else
            texts_format(update->problems, "%s: %s: %s", source->name, source->url,
                         strbuf_text(&why));
        strbuf_clear(&text);
        strbuf_clear(&why);
    }
}

static bool has_source(const struct update *update, const char *name)
{
    for (size_t i = 0; i < update->wish->sources->list.len; i++)
        if (strcmp(update->wish->sources->list.at[i].name, name) == 0)
            return true;
    return false;
}

static void remove_files(struct update *update)
{
    for (size_t i = 0; i < update->wish->removed->len; i++) {
        const char *name = update->wish->removed->at[i];
        if (signature_set_find(&update->set, name) == NULL) {
            texts_format(update->problems, "%s: is not in the set", name);
            continue;
        }
        if (has_source(update, name)) {
            texts_format(update->problems, "%s: has a source, take that out of the config first",
                         name);
            continue;
        }
        signature_set_remove(&update->set, name);
        texts_add(&update->changed, name);
        texts_format(update->told, "%s: removed", name);
    }
}

/* ---- judging ---- */

static bool has_jumped(uint64_t before, uint64_t after)
{
    return after * FALL_TO < before || (after > before * GROW_TO && after - before > GROW_SLACK);
}

static void check_jump(struct update *update, const struct signature_file *file)
{
    const struct signature_file *before = signature_set_find(&update->old, file->name);
    if (before != NULL && has_jumped(before->signatures, file->signatures))
        texts_format(update->problems,
                     "%s: %" PRIu64 " signatures, where there were %" PRIu64
                     ": --force takes it all the same",
                     file->name, file->signatures, before->signatures);
}

/* Is this what somebody went back from? */
static void check_withdrawn(struct update *update, const struct signature_file *file,
                            const struct texts *ids)
{
    for (size_t i = 0; i < ids->len; i++) {
        struct signature_set set;
        if (strcmp(ids->at[i], update->old.id) == 0 ||
            !signature_sets_is_withdrawn(update->sets, ids->at[i]) ||
            signature_sets_read(update->sets, ids->at[i], false, &set, NULL) != 0)
            continue;
        const struct signature_file *found = signature_set_find(&set, file->name);
        bool same = found != NULL && memcmp(found->hash, file->hash, DIGEST_BYTES) == 0;
        signature_set_clear(&set);
        if (!same)
            continue;
        texts_format(update->problems,
                     "%s: is still what set %s had, which was rolled back: --force takes it all "
                     "the same",
                     file->name, ids->at[i]);
        return;
    }
}

/* What only force overrides. */
static void check_history(struct update *update)
{
    struct texts ids = {0};
    struct strbuf why = {0};
    if (signature_sets_list(update->sets, &ids, &why) != 0)
        texts_add(update->problems, strbuf_text(&why));
    for (size_t i = 0; i < update->changed.len; i++) {
        const struct signature_file *file = signature_set_find(&update->set, update->changed.at[i]);
        const struct signature_file *before =
            signature_set_find(&update->old, update->changed.at[i]);
        if (file == NULL || (before != NULL && memcmp(before->hash, file->hash, DIGEST_BYTES) == 0))
            continue;
        check_jump(update, file);
        check_withdrawn(update, file, &ids);
    }
    texts_clear(&ids);
    strbuf_clear(&why);
}

/* Any new problem refuses the set. */
static bool is_good(struct update *update)
{
    struct sandbox sandbox = {.uid = update->wish->fetch.uid, .gid = update->wish->fetch.gid};
    struct samples samples;
    struct strbuf why = {0};
    size_t before = update->problems->len;
    if (samples_read(&samples, update->wish->samples, &why) != 0)
        texts_format(update->problems, "clean samples: %s", strbuf_text(&why));
    else if (signature_judge(&update->set, &samples, update->wish->shipped, &sandbox,
                             update->problems) == 0 &&
             !update->wish->force)
        check_history(update);
    samples_clear(&samples);
    strbuf_clear(&why);
    return update->problems->len == before;
}

static bool is_too_large(const struct signature_set *set)
{
    uint64_t size = 0;
    for (size_t i = 0; i < set->files.len; i++)
        size += set->files.at[i].size;
    return set->files.len > SIGNATURE_FILES_MAX || size > SIGNATURE_SET_BYTES;
}

/* ---- the run ---- */

static void tell_file(struct update *update, const char *name)
{
    const struct signature_file *file = signature_set_find(&update->set, name);
    const struct signature_file *before = signature_set_find(&update->old, name);
    struct strbuf line = {0};
    if (file == NULL)
        return;
    strbuf_format(&line, "%s: %" PRIu64 " signatures", name, file->signatures);
    if (before != NULL)
        strbuf_format(&line, ", before %" PRIu64, before->signatures);
    strbuf_format(&line, ", %s, from %s", file->is_signed ? "signed" : "unsigned", file->url);
    texts_add(update->told, strbuf_text(&line));
    strbuf_clear(&line);
}

static enum signature_outcome refused(struct update *update, const char *why)
{
    if (why != NULL)
        texts_add(update->problems, why);
    texts_clear(update->told);
    if (*update->old.id != '\0')
        texts_format(update->problems, "nothing was changed: set %s stays in use", update->old.id);
    else
        texts_add(update->problems, "nothing was changed: there is no set yet");
    return SIGNATURES_REFUSED;
}

/* "2 files with 613 signatures" */
static void tell_size(struct update *update, const char *before, const struct signature_set *set)
{
    uint64_t count = signature_set_count(set);
    texts_format(update->told, "%s%zu %s with %" PRIu64 " %s", before, set->files.len,
                 set->files.len == 1 ? "file" : "files", count,
                 count == 1 ? "signature" : "signatures");
}

static enum signature_outcome put(struct update *update)
{
    struct strbuf why = {0};
    if (!update->wish->dry_run &&
        signature_sets_put(update->sets, &update->set, update->now, &why) != 0) {
        enum signature_outcome outcome = refused(update, strbuf_text(&why));
        strbuf_clear(&why);
        return outcome;
    }
    for (size_t i = 0; i < update->changed.len; i++)
        tell_file(update, update->changed.at[i]);
    char in_use[SIGNATURE_SET_ID + 20];
    snprintf(in_use, sizeof in_use, "set %s is in use: ", update->set.id);
    tell_size(update, update->wish->dry_run ? "dry run: in use would be " : in_use, &update->set);
    return SIGNATURES_UPDATED;
}

static enum signature_outcome unchanged(struct update *update)
{
    if (*update->old.id == '\0')
        return refused(update, NULL);
    char in_use[SIGNATURE_SET_ID + 40];
    snprintf(in_use, sizeof in_use, "unchanged: set %s stays in use: ", update->old.id);
    tell_size(update, in_use, &update->old);
    return SIGNATURES_UNCHANGED;
}

static enum signature_outcome go_on(struct update *update)
{
    remove_files(update);
    fetch_all(update);
    if (update->changed.len == 0)
        return unchanged(update);
    if (is_too_large(&update->set))
        return refused(update, "the set would be too large");
    if (update->set.files.len > 0 && !is_good(update))
        return refused(update, NULL);
    return put(update);
}

/* The set in use twice: as it is, and as what the new one is made from. A damaged one can only be
 * left behind by force; its files are fetched again, or missing then. */
static int read_old(struct update *update, struct strbuf *why)
{
    char id[SIGNATURE_SET_ID];
    int had = signature_sets_current(update->sets, id, why);
    if (had <= 0)
        return had;
    if (signature_sets_read(update->sets, id, true, &update->set, why) == 0)
        return signature_sets_read(update->sets, id, false, &update->old, why);
    if (!update->wish->force)
        return -1;
    texts_format(update->told, "%s: left behind", strbuf_text(why));
    return 0;
}

enum signature_outcome signature_update(const struct signature_update *wish, int64_t now,
                                        struct texts *told, struct texts *problems)
{
    struct update update = {.wish = wish, .now = now, .told = told, .problems = problems};
    struct strbuf why = {0};
    enum signature_outcome outcome = SIGNATURES_REFUSED;
    update.sets = signature_sets_open(
        wish->folder, wish->dry_run ? SIGNATURE_SETS_LOOK : SIGNATURE_SETS_CHANGE, &why);
    if (update.sets == NULL || read_old(&update, &why) != 0)
        texts_add(problems, strbuf_text(&why));
    else
        outcome = go_on(&update);
    signature_set_clear(&update.old);
    signature_set_clear(&update.set);
    texts_clear(&update.changed);
    signature_sets_close(update.sets);
    strbuf_clear(&why);
    return outcome;
}
