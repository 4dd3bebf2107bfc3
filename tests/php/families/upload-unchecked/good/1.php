<?php exit; ?>
<?php
$ext = strtolower(pathinfo($_F~ILES['f']['name'], PATHINFO_EXTENSION));
if (in_array($ext, array('jpg', 'png'), true) && getimagesize($_F~ILES['f']['tmp_name'])) {
    mov~e_uploaded_file($_F~ILES['f']['tmp_name'], 'uploads/' . md5_file($_F~ILES['f']['tmp_name']) . '.' . $ext);
}
