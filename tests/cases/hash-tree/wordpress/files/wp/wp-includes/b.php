<?php // b
<?php // changed
