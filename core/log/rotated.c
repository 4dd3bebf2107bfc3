/* rotated - the older parts of a log, by the names that rotation gives them.
 *
 * Known are logrotate's numbers and dates, with its `extension` and without
 * (mail.log.2.gz, mail.2.log.gz, mail.log-20261120.xz, mail-20261120.log), savelog's
 * mail.log.0, exicyclog's mainlog.01 and Exim's own mainlog-20261120. A name must be
 * of such a form from its first byte to its last, and a regular file, or it is not
 * followed. Numbers count as numbers (10 is older than 9). Where both kinds lie in
 * one folder, because the administrator changed over, the kind with the newest file
 * goes first.
 */
#include "spamgear/log/source.h"

#include "spamgear/base/mem.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AGE_DIGITS 24 /* YYYYMMDD, HHMMSS or seconds since the epoch, with room */

enum age_kind { AGE_NUMBER, AGE_DATE };

struct age {
    enum age_kind kind;
    char digits[AGE_DIGITS + 1]; /* a number without leading zeros; a date without separators */
    size_t packed;               /* index into packings; 0 is not compressed */
};

struct rotation {
    struct age age;
    int64_t mtime;
    char *path;
};

struct rotations {
    struct rotation *at;
    size_t len, cap;
};

/* The best to read first: one that is being compressed lies beside its whole self. */
static const struct span packings[] = {
    {"", 0}, {".gz", 3}, {".xz", 3}, {".zst", 4}, {".bz2", 4},
};

#define PACKINGS (sizeof packings / sizeof packings[0])

static struct span drop_end(struct span s, size_t n)
{
    return (struct span){s.at, s.len - n};
}

static struct span take_packing(struct span name, size_t *packed)
{
    *packed = 0;
    for (size_t i = 1; i < PACKINGS; i++)
        if (span_has_suffix(name, packings[i]))
            *packed = i;
    return drop_end(name, packings[*packed].len);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool has_month_and_day(const char *digits, size_t len)
{
    int month = (digits[4] - '0') * 10 + digits[5] - '0';
    int day = len < 8 ? 1 : (digits[6] - '0') * 10 + digits[7] - '0';
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* "20261120", "2026112018", "202611", "20261120-183309", "20261120-1795284000", "2026-11-20". */
static bool date_parse(struct span text, struct age *age)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool separates =
            text.at[i] == '-' && i >= 4 && i + 1 < text.len && is_digit(text.at[i + 1]);
        if (separates)
            continue;
        if (!is_digit(text.at[i]) || len == AGE_DIGITS)
            return false;
        age->digits[len++] = text.at[i];
    }
    age->digits[len] = '\0';
    age->kind = AGE_DATE;
    return len >= 6 && has_month_and_day(age->digits, len);
}

static bool number_parse(struct span text, struct age *age)
{
    unsigned long long number;
    if (text.len > 5 || !span_number(text, &number))
        return false;
    while (text.len > 1 && *text.at == '0')
        text = span_skip(text, 1);
    memcpy(age->digits, text.at, text.len);
    age->digits[text.len] = '\0';
    age->kind = AGE_NUMBER;
    return true;
}

/* What stands between the log's name and the packing: ".7" or "-20261120". */
static bool mark_parse(struct span mark, struct age *age)
{
    if (mark.len < 2)
        return false;
    struct span text = span_skip(mark, 1);
    return *mark.at == '.' ? number_parse(text, age) : *mark.at == '-' && date_parse(text, age);
}

/* "mail" and ".log" of "mail.log"; the extension is empty when there is none. */
static void split_extension(struct span name, struct span *stem, struct span *extension)
{
    const char *dot = memrchr(name.at, '.', name.len);
    size_t len = dot == NULL || dot == name.at ? name.len : (size_t)(dot - name.at);
    *stem = (struct span){name.at, len};
    *extension = span_skip(name, len);
}

/* Is entry NAME, a mark, packing; or STEM, a mark, EXTENSION, packing? */
static bool rotation_parse(struct span entry, struct span name, struct age *age)
{
    struct span stem, extension;
    struct span bare = take_packing(entry, &age->packed);
    if (span_has_prefix(bare, name) && mark_parse(span_skip(bare, name.len), age))
        return true;
    split_extension(name, &stem, &extension);
    if (extension.len == 0 || bare.len < name.len || !span_has_prefix(bare, stem) ||
        !span_has_suffix(bare, extension))
        return false;
    return mark_parse(drop_end(span_skip(bare, stem.len), extension.len), age);
}

static bool ends_in_mark(struct span name)
{
    struct age age;
    for (size_t i = 1; i < name.len; i++)
        if ((name.at[i] == '.' || name.at[i] == '-') && mark_parse(span_skip(name, i), &age))
            return true;
    return false;
}

/* Is the name itself that of an older part? Only what rotation can have made of it counts. */
static bool is_rotation(struct span name)
{
    struct span stem, extension;
    size_t packed;
    struct span bare = take_packing(name, &packed);
    split_extension(bare, &stem, &extension);
    return ends_in_mark(bare) || ends_in_mark(stem);
}

/* Newer first. Texts of one length compare as numbers do. */
static int compare_age(const struct age *a, const struct age *b)
{
    if (a->kind == AGE_DATE)
        return strcmp(b->digits, a->digits);
    size_t a_len = strlen(a->digits), b_len = strlen(b->digits);
    return a_len != b_len ? (a_len < b_len ? -1 : 1) : strcmp(a->digits, b->digits);
}

static int compare_rotations(const void *left, const void *right)
{
    const struct rotation *a = left, *b = right;
    if (a->age.kind != b->age.kind)
        return a->age.kind < b->age.kind ? -1 : 1;
    int order = compare_age(&a->age, &b->age);
    if (order != 0)
        return order;
    if (a->age.packed != b->age.packed)
        return a->age.packed < b->age.packed ? -1 : 1;
    return strcmp(a->path, b->path);
}

static char *join(struct span folder, const char *name)
{
    struct strbuf path = {0};
    strbuf_add_span(&path, folder);
    strbuf_add_text(&path, name);
    return strbuf_take(&path);
}

static void list_add(struct rotations *list, int dir, struct span folder, const char *entry,
                     const struct age *age)
{
    struct stat st;
    if (fstatat(dir, entry, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
        return;
    *vec_add(list) = (struct rotation){*age, st.st_mtime, join(folder, entry)};
}

static void list_folder(struct rotations *list, struct span folder, struct span name)
{
    char *path = folder.len == 0 ? mem_text(".") : mem_text_of(folder.at, folder.len);
    DIR *dir = opendir(path);
    free(path);
    if (dir == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        struct age age;
        if (rotation_parse(span_text(entry->d_name), name, &age))
            list_add(list, dirfd(dir), folder, entry->d_name, &age);
    }
    closedir(dir);
}

/* Sorted means: numbers, then dates; of one age only the first counts. */
static void take_kind(const struct rotations *list, enum age_kind kind, struct texts *older)
{
    const struct age *before = NULL;
    for (size_t i = 0; i < list->len; i++) {
        const struct age *age = &list->at[i].age;
        if (age->kind != kind)
            continue;
        if (before == NULL || compare_age(before, age) != 0)
            texts_add(older, list->at[i].path);
        before = age;
    }
}

static enum age_kind newest_kind(const struct rotations *list)
{
    const struct rotation *newest = NULL;
    for (size_t i = 0; i < list->len; i++)
        if (newest == NULL || list->at[i].mtime > newest->mtime)
            newest = &list->at[i];
    return newest == NULL ? AGE_NUMBER : newest->age.kind;
}

void source_predecessors(const char *path, struct texts *older)
{
    const char *slash = strrchr(path, '/');
    size_t folder_len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    struct span folder = {path, folder_len};
    struct span name = span_text(path + folder_len);
    if (name.len == 0 || span_is(name, SPAN("-")) || is_rotation(name))
        return;
    struct rotations list = {0};
    list_folder(&list, folder, name);
    if (list.len > 0)
        qsort(list.at, list.len, sizeof *list.at, compare_rotations);
    enum age_kind first = newest_kind(&list);
    take_kind(&list, first, older);
    take_kind(&list, first == AGE_DATE ? AGE_NUMBER : AGE_DATE, older);
    for (size_t i = 0; i < list.len; i++)
        free(list.at[i].path);
    vec_clear(&list);
}
