/* hash_tree - `spamgear hash-tree DIR...`: an allow list of a tree that is known to be good.
 *
 * Prints what sha256sum would print of every regular file below DIR, sorted. With the checksums
 * that WordPress publishes (https://api.wordpress.org/core/checksums/1.0/), only files whose MD5
 * is the published one are printed, so that a tree that is in use will do as well.
 */
#include "spamgear/base/diag.h"
#include "spamgear/base/digest.h"
#include "spamgear/base/json_read.h"
#include "spamgear/base/map.h"
#include "spamgear/base/mem.h"
#include "spamgear/base/text.h"
#include "spamgear/cli/applet.h"
#include "spamgear/scan/originals.h"
#include "spamgear/scan/sniff.h"
#include "spamgear/scan/walk.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define CHECKSUMS_MAX (64u << 20) /* bytes of the JSON file */

#define PHP_MAX (8u << 20) /* bytes of a PHP file whose tokens are told */

struct hash_tree_settings {
    char *wordpress_checksums;
    bool php;
};

/* ---- the checksums of WordPress ---- */

struct md5 {
    uint8_t bytes[DIGEST_MD5_BYTES];
};

struct checksums {
    const char *file;
    struct map paths;
    VEC(struct md5) hashes; /* by number of the path */
};

static void checksums_clear(struct checksums *checksums)
{
    map_clear(&checksums->paths);
    vec_clear(&checksums->hashes);
}

static int add_checksum(struct checksums *checksums, struct span path, struct span text,
                        struct strbuf *why)
{
    struct md5 md5;
    bool added;
    if (text.len != 2 * sizeof md5.bytes || !digest_unhex(text, md5.bytes, sizeof md5.bytes))
        return strbuf_why(why, "%.*s: is no MD5 of 32 hexadecimal digits", (int)path.len, path.at);
    uint32_t number = map_put(&checksums->paths, path, &added);
    if (added)
        *vec_add(&checksums->hashes) = md5;
    else if (memcmp(&checksums->hashes.at[number], &md5, sizeof md5) != 0)
        return strbuf_why(why, "%.*s: is listed with two checksums", (int)path.len, path.at);
    return 0;
}

/* {"checksums": {PATH: MD5, ...}} or {"checksums": {VERSION: {PATH: MD5, ...}}} */
static int parse_checksums(struct checksums *checksums, struct span text, struct strbuf *why)
{
    struct json_reader reader;
    struct strbuf key = {0};
    enum json_piece piece;
    bool inside = false;
    int result = 0;
    json_read_init(&reader, text);
    while (result == 0 && (piece = json_read_next(&reader)) != JSON_END) {
        if (piece == JSON_WRONG) {
            result = json_read_why(&reader, why);
        } else if (piece == JSON_KEY) {
            strbuf_reset(&key);
            strbuf_add_span(&key, strbuf_span(&reader.text));
            if (reader.depth == 1)
                inside = span_is(strbuf_span(&key), SPAN("checksums"));
        } else if (piece == JSON_STRING && inside && (reader.depth == 2 || reader.depth == 3) &&
                   reader.in_object[reader.depth - 1]) {
            result = add_checksum(checksums, strbuf_span(&key), strbuf_span(&reader.text), why);
        }
    }
    if (result == 0 && checksums->hashes.len == 0)
        result = strbuf_why(why, "lists no checksums");
    json_read_clear(&reader);
    strbuf_clear(&key);
    return result;
}

static int read_text(const char *path, struct strbuf *text, struct strbuf *why)
{
    FILE *stream = fopen(path, "re");
    char block[16384];
    size_t got;
    if (stream == NULL)
        return strbuf_why(why, "%s", strerror(errno));
    while (text->len <= CHECKSUMS_MAX && (got = fread(block, 1, sizeof block, stream)) > 0)
        strbuf_add(text, block, got);
    int error = ferror(stream) ? errno : 0;
    fclose(stream);
    if (error != 0)
        return strbuf_why(why, "%s", strerror(error));
    return text->len > CHECKSUMS_MAX ? strbuf_why(why, "is larger than 64 MiB") : 0;
}

static int read_checksums(struct checksums *checksums, const char *path)
{
    struct strbuf text = {0}, why = {0};
    checksums->file = path;
    int result = read_text(path, &text, &why);
    if (result == 0)
        result = parse_checksums(checksums, strbuf_span(&text), &why);
    if (result != 0)
        diag_error("%s: %s", path, strbuf_text(&why));
    strbuf_clear(&text);
    strbuf_clear(&why);
    return result;
}

/* ---- the tree ---- */

struct entry {
    char *path;
    uint8_t hash[DIGEST_BYTES];
    bool has_print;
    struct php_print print;
};

struct tree {
    const struct checksums *checksums; /* NULL: every file counts */
    size_t root_len;                   /* of the folder that the checksums are of */
    VEC(struct entry) entries;
    bool php;    /* tokens are told too */
    bool others; /* there are files without the checksum of their name */
};

static bool is_published(struct tree *tree, struct span path, const uint8_t md5[DIGEST_MD5_BYTES])
{
    struct span name = span_skip(path, tree->root_len);
    while (span_has_prefix(name, SPAN("/")))
        name = span_skip(name, 1);
    uint32_t number = map_get(&tree->checksums->paths, name);
    bool same = number != MAP_NONE &&
                memcmp(tree->checksums->hashes.at[number].bytes, md5, DIGEST_MD5_BYTES) == 0;
    if (!same)
        diag_warn("%s: %s %s", path.at, number == MAP_NONE ? "is not in" : "is another than in",
                  tree->checksums->file);
    tree->others = tree->others || !same;
    return same;
}

/* Adds what recognises a PHP file that something was put into. One that is too large or too short
 * has no print; the hashes still tell it. */
static bool print_text(struct span text, struct php_print *print)
{
    struct php_tokens tokens = {0};
    struct php_sequence sequence = {0};
    bool has_print = false;
    if (sniff(text, 0) & SNIFF_PHP) {
        php_lex(text, 0, &tokens);
        php_sequence_of(text, &tokens, &sequence);
        has_print = php_print_of(&sequence, print);
    }
    php_sequence_clear(&sequence);
    php_tokens_clear(&tokens);
    return has_print;
}

static void read_print(struct entry *entry, int fd, const struct stat *st)
{
    if (st->st_size > PHP_MAX || st->st_size < PHP_PRINT_MIN)
        return;
    char *text = mem_alloc((size_t)st->st_size);
    ssize_t got = pread(fd, text, (size_t)st->st_size, 0);
    entry->has_print =
        got == st->st_size && print_text((struct span){text, (size_t)got}, &entry->print);
    free(text);
}

/* Both hashes of what was read once, and the print. False after diag_error. */
static bool hash_file(const struct tree *tree, struct walk *walk, const char *path,
                      struct entry *entry, uint8_t md5[DIGEST_MD5_BYTES])
{
    struct strbuf why = {0};
    struct stat st;
    int fd = walk_open_file(walk, &st, &why), result = fd;
    if (fd < 0) {
        diag_error("%s", strbuf_text(&why));
    } else {
        struct digest *both[] = {digest_new(DIGEST_SHA256), digest_new(DIGEST_MD5)};
        result = digest_add_file(both, 2, fd, NULL, &why);
        if (result != 0)
            diag_error("%s: %s", path, strbuf_text(&why));
        digest_finish(both[0], entry->hash);
        digest_finish(both[1], md5);
        if (tree->php && result == 0)
            read_print(entry, fd, &st);
        close(fd);
    }
    strbuf_clear(&why);
    return result >= 0;
}

static void add_file(struct tree *tree, struct walk *walk, const struct walk_file *file)
{
    struct entry entry = {0};
    uint8_t md5[DIGEST_MD5_BYTES];
    if (!hash_file(tree, walk, file->path.at, &entry, md5) ||
        (tree->checksums != NULL && !is_published(tree, file->path, md5)))
        return;
    entry.path = mem_text_of(file->path.at, file->path.len);
    *vec_add(&tree->entries) = entry;
}

static void walk_tree(struct tree *tree, const struct texts *folders)
{
    struct walk_settings settings = {.input = WALK_OPERANDS, .operands = folders};
    struct walk *walk = walk_open(&settings);
    struct walk_file file;
    struct strbuf why = {0};
    int result;
    while ((result = walk_next(walk, &file, &why)) != 0) {
        if (result > 0)
            add_file(tree, walk, &file);
        else
            diag_error("%s", strbuf_text(&why));
    }
    walk_close(walk);
    strbuf_clear(&why);
}

/* ---- printing ---- */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

/* As sha256sum(1) writes it: a name with a newline, carriage return or backslash is escaped, and
 * the line says so by a backslash in front. */
static bool escape_name(struct strbuf *out, const char *path)
{
    static const char special[] = "\nn\rr\\\\"; /* a byte, its letter, ... */
    bool escaped = false;
    for (; *path != '\0'; path++) {
        const char *found = strchr("\n\r\\", *path);
        if (found != NULL) {
            escaped = true;
            strbuf_add_char(out, '\\');
            strbuf_add_char(out, strchr(special, *path)[1]);
        } else {
            strbuf_add_char(out, *path);
        }
    }
    return escaped;
}

/* Files get names byte by byte, as sha256sum -c wants them; terminals do not. */
static void print_entry(const struct entry *entry, bool terminal)
{
    struct strbuf name = {0}, shown = {0};
    char text[DIGEST_TEXT + 1];
    digest_text(entry->hash, text);
    bool escaped = escape_name(&name, entry->path);
    if (terminal)
        text_escape(&shown, strbuf_span(&name));
    printf("%s%s  %s\n", escaped ? "\\" : "", text, strbuf_text(terminal ? &shown : &name));
    if (entry->has_print) {
        strbuf_reset(&shown);
        originals_write_line(&entry->print, &shown);
        fputs(strbuf_text(&shown), stdout);
    }
    strbuf_clear(&name);
    strbuf_clear(&shown);
}

static void tree_print(struct tree *tree)
{
    bool terminal = isatty(STDOUT_FILENO);
    if (tree->entries.len > 0)
        qsort(tree->entries.at, tree->entries.len, sizeof *tree->entries.at, by_path);
    for (size_t i = 0; i < tree->entries.len; i++)
        print_entry(&tree->entries.at[i], terminal);
}

static void tree_clear(struct tree *tree)
{
    for (size_t i = 0; i < tree->entries.len; i++)
        free(tree->entries.at[i].path);
    vec_clear(&tree->entries);
}

/* ---- the applet ---- */

static int run_tree(struct tree *tree, const struct run *run)
{
    struct texts folders = {0};
    for (int i = 0; i < run->argc; i++)
        texts_add(&folders, run->argv[i]);
    tree->root_len = strlen(run->argv[0]);
    while (tree->root_len > 0 && run->argv[0][tree->root_len - 1] == '/')
        tree->root_len--;
    walk_tree(tree, &folders);
    tree_print(tree);
    texts_clear(&folders);
    tree_clear(tree);
    return tree->others ? 1 : 0;
}

static int run_hash_tree(void *at, const struct run *run)
{
    const struct hash_tree_settings *settings = at;
    struct checksums checksums = {0};
    struct tree tree = {.php = settings->php};
    struct strbuf why = {0};
    int status = APPLET_TROUBLE;
    if (settings->wordpress_checksums != NULL)
        tree.checksums = &checksums;
    if (run->argc == 0 || (tree.checksums != NULL && run->argc > 1))
        diag_error(run->argc == 0 ? "say which folder" : "checksums are of one folder");
    else if (digest_load(&why) != 0)
        diag_error("%s", strbuf_text(&why));
    else if (tree.checksums == NULL ||
             read_checksums(&checksums, settings->wordpress_checksums) == 0)
        status = run_tree(&tree, run);
    checksums_clear(&checksums);
    strbuf_clear(&why);
    return status;
}

static const struct option options[] = {
    OPTION_TEXT(struct hash_tree_settings, wordpress_checksums, "wordpress-checksums", 0, "FILE",
                NULL,
                "Print only files with the MD5 that FILE lists for them: the JSON of "
                "api.wordpress.org/core/checksums. Others are told, and make the status 1.",
                .flags = OPTION_NO_CONFIG),
    OPTION_FLAG(
        struct hash_tree_settings, php, "php", 0,
        "After each PHP file, a comment line by which the scanners recognise it when code was "
        "put into it, and can cut that out again.",
        .flags = OPTION_NO_CONFIG),
    OPTION_END};

static const struct option *const tables[] = {options, NULL};

static const struct applet_example examples[] = {
    {"spamgear hash-tree --php wordpress-6.1 >/etc/spamgear/allow/wordpress-6.1",
     "A list of known-good files for --allow-list."},
    {"spamgear hash-tree --wordpress-checksums 6.1.json /var/www/blog",
     "Which files of the blog are as WordPress published them?"},
    {NULL, NULL}};

static const struct applet_status statuses[] = {
    {0, "All files are printed."},
    {1, "Some files have no published checksum, or another one."},
    {2, "Trouble: something could not be read, or the list of checksums is none."},
    {0, NULL}};

const struct applet hash_tree_applet = {
    .name = "hash-tree",
    .summary = "Print SHA-256 hashes of a tree, as an allow list",
    .operands = "DIR...",
    .description =
        "Prints a line for every regular file below each DIR, sorted by path: its SHA-256, two "
        "blanks and its path, as sha256sum prints it and `sha256sum -c` checks it. Symbolic links "
        "are not followed and not printed; neither is anything else that is no regular file.\n\n"
        "The scanners take such lists by --allow-list: a file with a listed content is clean "
        "whatever is found in it, under any name. Only the hashes count, so make the list from an "
        "archive whose signature was checked and not from a site that is in use; or use "
        "--wordpress-checksums, which passes over everything that was changed or added.",
    .options = tables,
    .settings_size = sizeof(struct hash_tree_settings),
    .examples = examples,
    .statuses = statuses,
    .run = run_hash_tree,
};
