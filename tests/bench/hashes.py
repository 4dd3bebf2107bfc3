#!/usr/bin/env python3
"""hashes.py - makes a *.hashes file of the hashes by which malicious PHP files are known again.

  python3 tests/bench/hashes.py PHP_HASHES MALICIOUS_LIST CLEAN_LIST >packaging/rules/known.hashes

PHP_HASHES: the test tool of that name (cmake builds it with the tests). Lists: a path a line, further
tab-separated columns are passed over. A hash of tokens that a clean file has too is left out, and so is a
shape of less than 24 tokens, which honest code has as well. A file whose code is found by its tokens
needs no SHA-256. The same lists give the same file.
"""
import subprocess, sys

SHAPE_MIN = 24


def hashes_of(tool, list_file):
    with open(list_file, 'rb') as lines:
        out = subprocess.run([tool], stdin=lines, stdout=subprocess.PIPE, check=True).stdout
    for line in out.decode(errors='surrogateescape').rstrip('\n').split('\n'):
        path, size, sha256, normal, shape, tokens = line.rsplit('\t', 5)
        yield int(size), sha256, normal, shape, int(tokens)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    tool, mal, ben = sys.argv[1:]
    clean_files, clean_normals, clean_shapes = set(), set(), set()
    for size, sha256, normal, shape, tokens in hashes_of(tool, ben):
        clean_files.add(sha256)
        clean_normals.add(normal)
        clean_shapes.add(shape)
    lines = set()
    for size, sha256, normal, shape, tokens in hashes_of(tool, mal):
        if sha256 in clean_files:
            continue
        if tokens >= SHAPE_MIN and shape not in clean_shapes:
            lines.add('shape %d %s' % (tokens, shape))
        elif tokens >= 8 and normal not in clean_normals:
            lines.add('normal %s' % normal)
        else:
            lines.add('sha256 %d %s' % (size, sha256))
    print('# Made by tests/bench/hashes.py from the lists that docs/detection.md names.')
    for line in sorted(lines):
        print(line)


main()
