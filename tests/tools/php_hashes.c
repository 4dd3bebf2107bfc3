/* php_hashes - the hashes by which a PHP file is known again, of the files named on standard input.
 *
 *     php_hashes <LIST      "PATH<TAB>SIZE<TAB>SHA256<TAB>NORMAL<TAB>SHAPE<TAB>TOKENS" a file
 *
 * tests/bench/hashes.py makes *.hashes from that.
 */
#include "spamgear/base/digest.h"
#include "spamgear/php/form.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_file(const char *path, struct strbuf *text)
{
    static char block[1 << 16];
    FILE *stream = fopen(path, "re");
    size_t got;
    strbuf_reset(text);
    if (stream == NULL)
        return false;
    while ((got = fread(block, 1, sizeof block, stream)) > 0)
        strbuf_add(text, block, got);
    return fclose(stream) == 0;
}

static void print_hashes(const char *path, struct span text, struct php_tokens *tokens)
{
    struct php_form form;
    uint8_t hash[DIGEST_BYTES];
    char digits[DIGEST_TEXT + 1];
    php_lex(text, PHP_LEX_ALL, tokens);
    php_form_of(text, tokens, &form);
    digest_of(text, hash);
    digest_text(hash, digits);
    printf("%s\t%zu\t%s\t%016" PRIx64 "\t%016" PRIx64 "\t%" PRIu32 "\n", path, text.len, digits,
           form.normal, form.shape, form.shape_tokens);
}

int main(void)
{
    struct strbuf text = {0}, why = {0};
    struct php_tokens tokens = {0};
    char *line = NULL;
    size_t cap = 0;
    int status = 0;
    if (digest_load(&why) != 0) {
        fprintf(stderr, "php_hashes: %s\n", strbuf_text(&why));
        return 2;
    }
    while (getline(&line, &cap, stdin) > 0) {
        line[strcspn(line, "\t\n")] = '\0';
        if (read_file(line, &text))
            print_hashes(line, strbuf_span(&text), &tokens);
        else {
            perror(line);
            status = 2;
        }
    }
    free(line);
    php_tokens_clear(&tokens);
    strbuf_clear(&text);
    strbuf_clear(&why);
    return status;
}
