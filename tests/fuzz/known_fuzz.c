/* known - the first byte says which of the two formats, the rest is the file. Patterns that were
 * accepted are tried on the input too: their literals must stand wherever they match. */
#include "signature_fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size == 0 || size > 1024)
        return 0;
    struct span text = {(const char *)data + 1, size - 1};
    check_loader(text, data[0] % 2 == 0 ? known_fingerprints : known_backdoors);
    regex_clear_all();
    return 0;
}
