//! Arithmetic on the shell's variables, with each shell's error texts.

use super::{Assigned, Expanded, Stop};
use crate::shell::Flavour;
use crate::shell::arith::{self, ArithError, Key, Numbers};
use crate::shell::interp::Shell;

/// Evaluates a text; errors are worded as the shell words them.
pub fn evaluate(shell: &mut Shell, text: &str) -> Expanded<i64> {
    match arith::evaluate(text, shell) {
        Ok(value) => Ok(value),
        Err(error) => {
            let text = worded(shell.flavour, text.trim_start(), error);
            Err(shell.expansion_error(text))
        }
    }
}

fn worded(flavour: Flavour, text: &str, error: ArithError) -> String {
    match (flavour, error) {
        (_, ArithError::Other(text)) => text,
        (Flavour::Ash, ArithError::Zero(_)) => "divide by zero".into(),
        (Flavour::Ash, _) => "arithmetic syntax error".into(),
        (Flavour::Dash, ArithError::Zero(_)) => {
            format!("arithmetic expression: division by zero: \"{text}\"")
        }
        (Flavour::Dash, ArithError::Operand(_)) => {
            format!("arithmetic expression: expecting primary: \"{text}\"")
        }
        (Flavour::Dash, ArithError::Trailing(rest)) if rest.starts_with('*') => {
            format!("arithmetic expression: expecting primary: \"{text}\"")
        }
        (Flavour::Dash, ArithError::Trailing(_)) => {
            format!("arithmetic expression: expecting EOF: \"{text}\"")
        }
        (Flavour::Bash, ArithError::Zero(token)) => {
            format!("{text}: division by 0 (error token is \"{token}\")")
        }
        (Flavour::Bash, ArithError::Operand(token)) => {
            let token = if token.is_empty() {
                text.trim_end().chars().last().map_or(String::new(), String::from)
            } else {
                token
            };
            format!("{text}: syntax error: operand expected (error token is \"{token}\")")
        }
        (Flavour::Bash, ArithError::Trailing(token)) => {
            if token.starts_with(|c: char| c.is_ascii_digit())
                && token.contains(['8', '9'])
                && token.starts_with('0')
            {
                return format!("{text}: value too great for base (error token is \"{token}\")");
            }
            format!("{text}: syntax error in expression (error token is \"{token}\")")
        }
    }
}

impl Numbers for Shell {
    fn get(&mut self, name: &str, index: Option<&Key>) -> Result<String, String> {
        let value = match index {
            Some(Key::Number(i)) => {
                let i = if *i < 0 { *i + self.array_end(name) } else { *i };
                self.element(name, &i.to_string()).map(|v| v.to_string())
            }
            Some(Key::Text(key)) => self.element(name, key).map(|v| v.to_string()),
            None => match self.counted(name) {
                Some(number) => Some(number.to_string()),
                None => self.vars.get(name).map(str::to_owned),
            },
        };
        if value.is_none() && self.opts.nounset {
            return Err(self.unset_text(name));
        }
        Ok(value.unwrap_or_default())
    }

    fn has_texts(&self, name: &str) -> bool {
        self.is_assoc(name)
    }

    fn strict(&self) -> bool {
        self.flavour == Flavour::Dash
    }

    fn set(&mut self, name: &str, index: Option<&Key>, value: i64) -> Result<(), String> {
        let index = index.map(|key| match key {
            Key::Number(n) => n.to_string().into(),
            Key::Text(text) => text.as_str().into(),
        });
        let value = value.to_string().into();
        let done = self.assign(&Assigned::Scalar { name: name.into(), index, value });
        if done { Ok(()) } else { Err(self.readonly_text(name)) }
    }
}

impl Shell {
    /// Makes an expansion's error.
    pub(super) fn stop(&self, text: impl Into<String>) -> Stop {
        self.expansion_error(text.into())
    }
}
