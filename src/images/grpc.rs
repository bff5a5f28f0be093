//! As much of gRPC as a health check takes: frames of HTTP/2, one call of `grpc.health.v1.Health/Check`.
//!
//! A client sends the preface and settings, and its call once the server's settings have come; header fields go
//! as literals, so that no table has to be kept. Left out: flow control, other calls, compressed headers of other
//! clients (whose calls are taken for a check of the whole server).

/// What an HTTP/2 client sends first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The frames that matter here.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Bytes in front of a frame's payload, and of a message in it.
const FRAME_HEAD: usize = 9;
const MESSAGE_HEAD: usize = 5;

/// Longest name of a service.
const NAME_BYTES: usize = 1 << 10;

/// gRPC's code for a service that is not known.
const NOT_FOUND: u32 = 5;

/// What a server says of a service's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// `SERVING`
    Serving,
    /// `NOT_SERVING`
    NotServing,
    /// It knows no such service.
    UnknownService,
}

/// What a client has heard so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Not enough.
    More,
    /// Nothing of a server that speaks HTTP/2.
    Nonsense,
    /// The server's settings: the connection stands.
    Settings,
    /// The answer.
    Answer(Health),
}

/// What a client sends first: the preface and its settings, which are none.
pub fn hello() -> Vec<u8> {
    [PREFACE, &settings()].concat()
}

/// The settings that either side sends first.
pub fn settings() -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[])
}

/// The call for the health of a service.
pub fn check(authority: &str, service: &str) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/grpc.health.v1.Health/Check"),
        (":authority", authority),
        ("content-type", "application/grpc"),
        ("user-agent", "kube-probe/1.36"),
        ("te", "trailers"),
    ] {
        field(&mut head, name, value);
    }
    let name = &service.as_bytes()[..service.len().min(NAME_BYTES)];
    let mut request = Vec::new();
    if !name.is_empty() {
        request.push(0x0a);
        varint(&mut request, name.len() as u64);
        request.extend_from_slice(name);
    }
    [frame(HEADERS, END_HEADERS, 1, &head), frame(DATA, END_STREAM, 1, &message(&request))].concat()
}

/// A server's answer to it.
pub fn answer(health: Health) -> Vec<u8> {
    let mut head = Vec::new();
    field(&mut head, ":status", "200");
    field(&mut head, "content-type", "application/grpc");
    let status = match health {
        Health::Serving => 1,
        Health::NotServing => 2,
        Health::UnknownService => {
            field(&mut head, "grpc-status", &NOT_FOUND.to_string());
            field(&mut head, "grpc-message", "unknown service");
            return frame(HEADERS, END_HEADERS | END_STREAM, 1, &head);
        }
    };
    let mut tail = Vec::new();
    field(&mut tail, "grpc-status", "0");
    [
        frame(HEADERS, END_HEADERS, 1, &head),
        frame(DATA, 0, 1, &message(&[0x08, status])),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &tail),
    ]
    .concat()
}

/// What a client has heard of a server.
pub fn heard(bytes: &[u8]) -> Heard {
    let mut seen = Heard::More;
    for (i, (kind, payload)) in frames(bytes).enumerate() {
        match kind {
            SETTINGS => seen = Heard::Settings,
            _ if i == 0 => return Heard::Nonsense,
            DATA => {
                let serving = payload.get(MESSAGE_HEAD..) == Some(&[0x08, 1]);
                return Heard::Answer(if serving { Health::Serving } else { Health::NotServing });
            }
            HEADERS if contains(payload, b"grpc-status\x015") => {
                return Heard::Answer(Health::UnknownService);
            }
            _ => {}
        }
    }
    // The first frame of a server is short: whatever else comes is another protocol.
    if seen == Heard::More && bytes.first().is_some_and(|b| *b != 0) { Heard::Nonsense } else { seen }
}

/// The service that a client asks for, once its call is there; the preface has been taken off.
pub fn asked(bytes: &[u8]) -> Option<String> {
    let (_, payload) = frames(bytes).find(|(kind, _)| *kind == DATA)?;
    // Behind the field's tag and length is the name; without the field it is empty.
    let request = payload.get(MESSAGE_HEAD + 1..).unwrap_or_default();
    let name = request.iter().position(|b| b & 0x80 == 0).map_or(&[][..], |at| &request[at + 1..]);
    Some(String::from_utf8_lossy(name).into_owned())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|w| w == part)
}

/// The whole frames of what has arrived: their kinds and payloads.
fn frames(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let head = bytes.get(..FRAME_HEAD)?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let payload = bytes.get(FRAME_HEAD..FRAME_HEAD + length)?;
        let kind = head[3];
        bytes = &bytes[FRAME_HEAD + length..];
        Some((kind, payload))
    })
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let mut out = vec![length[1], length[2], length[3], kind, flags];
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
    out
}

/// A header field as a literal that goes into no table (RFC 7541, 6.2.2).
fn field(out: &mut Vec<u8>, name: &str, value: &str) {
    const SHORT: usize = 126;
    out.push(0);
    for text in [name, value] {
        let text = &text.as_bytes()[..text.len().min(SHORT)];
        out.push(text.len() as u8);
        out.extend_from_slice(text);
    }
}

fn message(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0];
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
    out
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_and_its_answer_are_understood() {
        for name in ["books", &"b".repeat(500)] {
            let call = check("10.244.1.2:5000", name);
            assert_eq!(asked(&[settings(), call].concat()).as_deref(), Some(name));
        }
        let call = check("10.244.1.2:5000", "books");
        assert_eq!(asked(&call[..call.len() - 1]), None);
        assert_eq!(asked(&check("a:1", "")).as_deref(), Some(""));
        for health in [Health::Serving, Health::NotServing, Health::UnknownService] {
            let said = [settings(), answer(health)].concat();
            assert_eq!(heard(&said), Heard::Answer(health));
            assert_eq!(heard(&said[..settings().len()]), Heard::Settings);
        }
    }

    #[test]
    fn other_protocols_are_no_server() {
        assert_eq!(heard(b""), Heard::More);
        assert_eq!(heard(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Heard::Nonsense);
        assert_eq!(heard(&answer(Health::Serving)), Heard::Nonsense);
    }
}
