// Loads every part of the page that announces itself; the order here does not matter.

import './views/index.js';
import './lessons/index.js';
import './views/why.js';
import './views/flow.js';
import './views/compare.js';
import './until.js';
