// Loads every part of the page that announces itself; the order here does not matter.

import './views/index.js';
