//! libyaml's parser behind a safe interface: a text in, events with their places out.
//!
//! The only module of the crate with `unsafe` code. The parser is libyaml itself (`unsafe-libyaml`), of which
//! kubectl's reader is a port, so that both stumble over the same character with the same words.
//!
//! Invariants: the boxed parser never moves, is initialised before its first use and deleted once; every
//! event is copied into owned data and deleted before the next one is asked for; the text outlives the parser.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
#[expect(clippy::unsafe_removed_from_name, reason = "`sys` is what bindings are called")]
use unsafe_libyaml as sys;

/// A place in the text; line and column count from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Mark {
    pub line: u32,
    pub column: u32,
}

/// An event with the place at which it starts.
#[derive(Debug)]
pub(super) struct Event {
    pub kind: Kind,
    pub mark: Mark,
    pub anchor: Option<String>,
    pub tag: Option<String>,
}

/// What an event tells.
#[derive(Debug)]
pub(super) enum Kind {
    StreamEnd,
    /// Stream start, document start: nothing that a reader needs.
    Other,
    DocumentEnd,
    /// `anchor` names the alias.
    Alias,
    /// `plain` is false for quoted and block scalars without a tag.
    Scalar {
        value: String,
        plain: bool,
    },
    SequenceStart,
    SequenceEnd,
    MappingStart,
    MappingEnd,
}

/// Why the text is no YAML.
#[derive(Debug)]
pub(super) struct Failure {
    pub problem: String,
    pub problem_mark: Mark,
    pub context_mark: Mark,
    /// Whether the scanner (rather than the parser or the reader) complains.
    pub scanner: bool,
}

/// A parser of one text.
pub(super) struct Parser<'a> {
    raw: Box<MaybeUninit<sys::yaml_parser_t>>,
    text: PhantomData<&'a str>,
}

impl<'a> Parser<'a> {
    pub fn new(text: &'a str) -> Parser<'a> {
        let mut raw = Box::new(MaybeUninit::uninit());
        // SAFETY: `initialize` fills the parser; the text is valid for 'a, which the parser cannot outlive.
        unsafe {
            let parser: *mut sys::yaml_parser_t = raw.as_mut_ptr();
            assert!(sys::yaml_parser_initialize(parser).ok, "libyaml's parser needs only memory");
            sys::yaml_parser_set_encoding(parser, sys::YAML_UTF8_ENCODING);
            sys::yaml_parser_set_input_string(parser, text.as_ptr(), text.len() as u64);
        }
        Parser { raw, text: PhantomData }
    }

    /// The next event. After `StreamEnd` or a failure there is nothing more to ask for.
    pub fn next(&mut self) -> Result<Event, Failure> {
        let mut event = MaybeUninit::<sys::yaml_event_t>::uninit();
        // SAFETY: the parser was initialised by `new`; a successful `parse` fills the event, which is copied
        // and deleted before it goes out of scope.
        unsafe {
            let parser = self.raw.as_mut_ptr();
            if sys::yaml_parser_parse(parser, event.as_mut_ptr()).fail {
                return Err(failure(&*parser));
            }
            let mut event = event.assume_init();
            let copy = copy(&event);
            sys::yaml_event_delete(&raw mut event);
            Ok(copy)
        }
    }
}

impl Drop for Parser<'_> {
    fn drop(&mut self) {
        // SAFETY: initialised by `new`, deleted only here.
        unsafe { sys::yaml_parser_delete(self.raw.as_mut_ptr()) }
    }
}

fn mark(m: sys::yaml_mark_t) -> Mark {
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Mark { line: narrow(m.line), column: narrow(m.column) }
}

/// # Safety
/// `parser` has failed, so that its problem is null or a C string.
unsafe fn failure(parser: &sys::yaml_parser_t) -> Failure {
    let problem = if parser.problem.is_null() {
        String::from("unknown problem parsing YAML content")
    } else {
        // SAFETY: libyaml's problems are literals that end with NUL.
        unsafe { CStr::from_ptr(parser.problem.cast()) }.to_string_lossy().into_owned()
    };
    Failure {
        problem,
        problem_mark: mark(parser.problem_mark),
        context_mark: mark(parser.context_mark),
        scanner: parser.error == sys::YAML_SCANNER_ERROR,
    }
}

/// # Safety
/// `event` was filled by a successful `yaml_parser_parse`, so that its type tells which data it has.
unsafe fn copy(event: &sys::yaml_event_t) -> Event {
    // SAFETY: each arm reads the data that belongs to the event's type; strings end with NUL or have a length.
    unsafe {
        let data = &event.data;
        let (kind, anchor, tag) = match event.type_ {
            sys::YAML_STREAM_END_EVENT => (Kind::StreamEnd, None, None),
            sys::YAML_DOCUMENT_END_EVENT => (Kind::DocumentEnd, None, None),
            sys::YAML_ALIAS_EVENT => (Kind::Alias, string(data.alias.anchor), None),
            sys::YAML_SCALAR_EVENT => {
                let s = &data.scalar;
                let bytes = std::slice::from_raw_parts(s.value, usize::try_from(s.length).unwrap_or(0));
                let value = String::from_utf8_lossy(bytes).into_owned();
                (Kind::Scalar { value, plain: s.plain_implicit }, string(s.anchor), string(s.tag))
            }
            sys::YAML_SEQUENCE_START_EVENT => {
                (Kind::SequenceStart, string(data.sequence_start.anchor), string(data.sequence_start.tag))
            }
            sys::YAML_SEQUENCE_END_EVENT => (Kind::SequenceEnd, None, None),
            sys::YAML_MAPPING_START_EVENT => {
                (Kind::MappingStart, string(data.mapping_start.anchor), string(data.mapping_start.tag))
            }
            sys::YAML_MAPPING_END_EVENT => (Kind::MappingEnd, None, None),
            _ => (Kind::Other, None, None),
        };
        Event { kind, mark: mark(event.start_mark), anchor, tag }
    }
}

/// # Safety
/// `s` is null or a C string.
unsafe fn string(s: *const u8) -> Option<String> {
    // SAFETY: given by the caller.
    (!s.is_null()).then(|| unsafe { CStr::from_ptr(s.cast()) }.to_string_lossy().into_owned())
}
