/* features_test - what --version is made of, on the machine that built it. */
#include "spamgear/base/features.h"

#include "test.h"

int main(void)
{
    size_t len;
    const struct feature *features = feature_all(&len);
    test_true("there are some", len > 0);
    for (size_t i = 0; i < len; i++) {
        struct strbuf version = {0}, why = {0};
        const struct feature *f = &features[i];
        if (i > 0)
            test_true(f->name, strcmp(features[i - 1].name, f->name) < 0); /* sorted */
        if (f->built == NULL)
            continue;
        test_number(f->name, feature_version(f, &version, &why), 0);
        if (f->version_symbol != NULL) /* built and run here: the same, but for additions */
            test_bytes(f->name, strbuf_text(&version),
                       strnlen(strbuf_text(&version), strlen(f->built)), f->built,
                       strlen(f->built));
        strbuf_clear(&version);
        strbuf_clear(&why);
    }
    const struct feature absent = {.name = "none",
                                   .sonames = (const char *const[]){"libnone-at-all.so.1", NULL}};
    struct strbuf version = {0}, why = {0};
    test_number("absent", feature_version(&absent, &version, &why), -1);
    test_text("why", strbuf_text(&why), "cannot load libnone-at-all.so.1");
    strbuf_clear(&version);
    strbuf_clear(&why);
    return test_end();
}
