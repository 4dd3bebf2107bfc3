/* rule_file - a rule file of any bytes. */
#include "signature_fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size > 2048)
        return 0;
    check_loader((struct span){(const char *)data, size}, rule_file_load);
    regex_clear_all();
    return 0;
}
