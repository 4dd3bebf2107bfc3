. "$DIR/../make.sh"
make_case 20261121-224605-7f3a1c taken /home/u/a '[X]' marker
printf 'spamgear-case 1\nrun /bin/sh\nend\n' >vault/cases/20000101-000000-000000
