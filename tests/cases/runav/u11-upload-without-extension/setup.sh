. "$DIR/../../full-scan/lib.sh"
printf 'GIF89a<?php // CASE-RULE-MARKER' >home/20260101-120000-XyZ-file-abc
