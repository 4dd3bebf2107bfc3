<?php exit; ?>
<?php
echo pre~g_replace('/\s+/', ' ', $_P~OST['text']);
