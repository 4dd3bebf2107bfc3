<?php exit; ?>
<?php
if (filter_var($_P~OST['email'], FILTER_VALIDATE_EMAIL)) { mai~l('owner@example.com', 'Contact form', wordwrap(strip_tags($_P~OST['message']), 70), 'Reply-To: ' . $_P~OST['email']); }
