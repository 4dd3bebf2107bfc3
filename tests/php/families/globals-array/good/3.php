<?php exit; ?>
<?php
$GLO~BALS['TCA']['tt_content']['columns']['header'] = array('label' => 'Header', 'config' => array('type' => 'input'));
