#!/usr/bin/env python3
"""splice.py - how many injected files become again what they were, to the byte.

  python3 tests/bench/splice.py SPAMGEAR MALICIOUS_LIST CLEAN_LIST [COUNT [SEED]]

Lists: a path a line, further tab-separated columns are passed over. COUNT (300) malicious files of
one block of PHP, at most 20 kB, are each spliced into a clean PHP file in three ways: before it,
behind it, and inside of it (behind the open tag, or behind a function or class). `full-scan --clean`
then runs on the copies in a temporary folder, twice: with an allow list of the clean files
(`hash-tree --php`), and without. Printed are, for each way: restored to the byte, changed in another
way (must be 0), taken away whole (kept in the quarantine), not found. Nothing is executed.
"""
import os, random, re, shutil, subprocess, sys, tempfile

OPEN = re.compile(rb'\A\s*<\?(?:php\s|(?!=|xml))')


def paths_of(list_file):
    with open(list_file, encoding='utf-8', errors='surrogateescape') as lines:
        return [line.rstrip('\n').split('\t')[0] for line in lines if line.strip()]


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def code_of(text):
    """The statements of a file that is one block of PHP; None for any other."""
    begin = OPEN.match(text)
    if begin is None or len(text) > 20000 or b'<?' in text[begin.end():]:
        return None
    code = text[begin.end():].rstrip()
    if code.endswith(b'?>'):
        code = code[:-2]
    if b'?>' in code or b'namespace ' in code or b'__halt_compiler' in code.lower():
        return None
    code = code.rstrip()
    return code + b'\n' if code.endswith((b';', b'}')) else None


def before(clean, code):
    return b'<?php ' + code + b'?>\n' + clean


def behind(clean, code):
    is_open = clean.rfind(b'?>') < clean.rfind(b'<?php')
    return clean + (b'\n' + code if is_open else b'<?php ' + code + b'?>')


def inside(clean, code):
    places = [m.end() for m in re.finditer(rb'^\}\n|\A<\?php *\n', clean, re.M)]
    places = [p for p in places if clean.rfind(b'?>', 0, p) < clean.rfind(b'<?php', 0, p)]
    if not places or b'namespace ' in clean or b'declare(' in clean:
        return None
    place = random.choice(places)
    return clean[:place] + code + clean[place:]


def splice(folder, bad, good):
    originals = {}
    for number, path in enumerate(bad):
        clean = read(random.choice(good))
        for way in (before, behind, inside):
            text = way(clean, code_of(read(path)))
            if text is not None:
                name = os.path.join(folder, '%s-%d.php' % (way.__name__, number))
                with open(name, 'wb') as file:
                    file.write(text)
                originals[name] = clean
    return originals


def tell(title, originals, found):
    print(title)
    for way in ('before', 'behind', 'inside'):
        names = [name for name in originals if os.path.basename(name).startswith(way)]
        count = {'restored': 0, 'changed': 0, 'taken': 0, 'not found': 0}
        for name in names:
            if not os.path.exists(name):
                count['taken'] += 1
            elif read(name) == originals[name]:
                count['restored'] += 1
            else:
                count['changed' if name in found else 'not found'] += 1
        shown = ', '.join('%s %d' % item for item in count.items())
        print('  %-7s %4d files: %s; %.1f %% of those found restored' % (
            way, len(names), shown,
            100 * count['restored'] / max(1, len(names) - count['not found'])))


def run(spamgear, bad, good, allow, work, seed):
    random.seed(seed)
    folder = tempfile.mkdtemp(dir=work)
    originals = splice(folder, bad, good)
    command = [spamgear, 'full-scan', '--clean', '--quarantine', os.path.join(work, 'vault'),
               '--clamav', 'off', '--no-cache', '--exit-zero', '--signatures',
               os.path.join(os.path.dirname(__file__), '..', '..', 'packaging', 'rules')]
    if allow:
        command += ['--allow-list', allow]
    out = subprocess.run(command + [folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = {line.split(' [')[0] for line in out.stdout.decode(errors='surrogateescape').split('\n')
             if '[CLEANED]' in line or '[QUARANTINED]' in line}
    tell('with the released files known' if allow else 'without an allow list', originals, found)


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    spamgear, mal, ben = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 300
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else 1
    random.seed(seed)
    bad = [path for path in paths_of(mal) if code_of(read(path)) is not None]
    bad = random.sample(bad, min(count, len(bad)))
    good = [path for path in paths_of(ben) if 2000 < os.path.getsize(path) < 60000 and
            read(path).startswith(b'<?php')]
    good = random.sample(good, min(2 * count, len(good)))
    work = tempfile.mkdtemp(prefix='spamgear-splice-')
    try:
        clean = os.path.join(work, 'clean')
        os.mkdir(clean)
        for number, path in enumerate(good):
            shutil.copyfile(path, os.path.join(clean, '%d.php' % number))
        allow = os.path.join(work, 'allow')
        with open(allow, 'wb') as file:
            subprocess.run([spamgear, 'hash-tree', '--php', clean], stdout=file, check=True)
        for list_file in (allow, None):
            run(spamgear, bad, good, list_file, work, seed)
    finally:
        shutil.rmtree(work)


main()
