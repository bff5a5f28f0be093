//! The binding to JavaScript: the only file that names `wasm_bindgen`.
//!
//! One exported struct, [`Podlab`], which owns a player; no logic of its own.

use wasm_bindgen::prelude::*;

/// A scenario that is being played.
#[wasm_bindgen]
pub struct Podlab {}

#[wasm_bindgen]
impl Podlab {
    /// Opens a scenario.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Podlab {
        console_error_panic_hook::set_once();
        Podlab {}
    }
}
