<?php exit; ?>
<?php
mai~l('owner@example.com', 'Failed login', 'User ' . $_P~OST['user'] . ' from ' . $_S~ERVER['REMOTE_ADDR']);
