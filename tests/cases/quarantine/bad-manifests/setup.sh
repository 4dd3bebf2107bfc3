. "$DIR/../make.sh"
make_case 20261121-000000-000001 taken /home/../etc/passwd '[X]' a
make_case 20261121-000000-000002 gone /home/a '[X]' a
make_case 20261121-000000-000003 taken /home/a '[X]' a 1000 'mode 4755'
make_case 20261121-000000-000004 taken /home/a '[X]' a
mv vault/cases/20261121-000000-000004 vault/cases/20261121-000000-000005
ln -s ../lock vault/cases/20261121-000000-000006
mkfifo vault/cases/20261121-000000-000007
: >vault/cases/20261121-000000-000008
make_case 20261121-000000-000009 taken /home/right '[X]' a
: >vault/cases/notes.txt
