<?php
echo "an ordinary page";
