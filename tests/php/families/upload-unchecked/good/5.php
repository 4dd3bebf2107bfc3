<?php exit; ?>
<?php
$finfo = new finfo(FILEINFO_MIME_TYPE);
if ($finfo->file($_F~ILES['doc']['tmp_name']) === 'application/pdf') {
    mov~e_uploaded_file($_F~ILES['doc']['tmp_name'], '/srv/documents/' . (int) $_SESSION['uid'] . '.pdf');
}
