# Nothing of this is a regular file below the folder: none of it is printed, or waited for.
ln -s ../other wp/link
ln -s index.php wp/link.php
mkfifo wp/fifo
mkdir other
echo x >other/file
