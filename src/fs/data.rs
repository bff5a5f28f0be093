//! The content of a regular file: bytes, and a tail of zeros that costs nothing.
//!
//! The tail is what makes `dd if=/dev/zero` or `truncate -s 2G` possible in a browser tab.

use crate::fs::{Errno, Sysr};
use std::rc::Rc;

/// How many bytes of one file are really kept; more is refused with `EFBIG`. (Zeros at the end do not count.)
pub const FILE_BYTES: usize = 16 << 20;

/// A file's content: some bytes, then zeros. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FileData {
    head: Head,
    zeros: u64,
}

#[derive(Clone, Debug)]
enum Head {
    Static(&'static [u8]),
    Shared(Rc<Vec<u8>>),
}

impl Head {
    fn bytes(&self) -> &[u8] {
        match self {
            Head::Static(b) => b,
            Head::Shared(b) => b,
        }
    }
}

impl Default for FileData {
    fn default() -> Self {
        FileData::lit("")
    }
}

impl FileData {
    /// A literal.
    pub const fn lit(text: &'static str) -> FileData {
        FileData { head: Head::Static(text.as_bytes()), zeros: 0 }
    }

    /// Bytes of its own.
    pub fn new(bytes: Vec<u8>) -> FileData {
        FileData { head: Head::Shared(Rc::new(bytes)), zeros: 0 }
    }

    /// Nothing but zeros (the filler of big files in images).
    pub const fn zeros(n: u64) -> FileData {
        FileData { head: Head::Static(&[]), zeros: n }
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.head.bytes().len() as u64 + self.zeros
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes it really keeps.
    pub fn kept(&self) -> usize {
        self.head.bytes().len()
    }

    /// At most `max` bytes from `offset` on.
    pub fn read(&self, offset: u64, max: usize) -> Vec<u8> {
        let end = self.len().min(offset.saturating_add(max as u64));
        let head = self.head.bytes();
        let from = (offset.min(head.len() as u64)) as usize;
        let to = (end.min(head.len() as u64)) as usize;
        let mut out = head[from..to.max(from)].to_vec();
        out.resize(end.saturating_sub(offset) as usize, 0);
        out
    }

    /// Writes at `offset`; a gap before it becomes zeros.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> Sysr<()> {
        let end = offset.saturating_add(bytes.len() as u64);
        let kept = self.kept() as u64;
        if offset >= kept && all_zero(bytes) {
            self.zeros = self.zeros.max(end - kept);
            return Ok(());
        }
        if end > FILE_BYTES as u64 {
            return Err(Errno::EFBIG);
        }
        let len = self.len();
        let head = self.head_mut();
        if (head.len() as u64) < end {
            head.resize(end as usize, 0);
        }
        head[offset as usize..end as usize].copy_from_slice(bytes);
        let kept = self.kept() as u64;
        self.zeros = len.saturating_sub(kept);
        Ok(())
    }

    /// Cuts it or makes it longer with zeros.
    pub fn truncate(&mut self, size: u64) {
        let kept = self.kept() as u64;
        if size < kept {
            self.head_mut().truncate(size as usize);
            self.zeros = 0;
        } else {
            self.zeros = size - kept;
        }
    }

    fn head_mut(&mut self) -> &mut Vec<u8> {
        if let Head::Static(b) = self.head {
            self.head = Head::Shared(Rc::new(b.to_vec()));
        }
        match &mut self.head {
            Head::Shared(rc) => Rc::make_mut(rc),
            Head::Static(_) => unreachable!("made shared above"),
        }
    }
}

/// Whether there is nothing but zeros; compared in blocks, as this is asked of everything that is written.
fn all_zero(bytes: &[u8]) -> bool {
    const BLOCK: [u8; 1024] = [0; 1024];
    bytes.chunks(BLOCK.len()).all(|c| *c == BLOCK[..c.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_at_the_end_cost_nothing() {
        let mut f = FileData::default();
        f.write(0, b"abc").expect("small");
        f.write(3, &[0; 1000]).expect("zeros");
        f.truncate(1 << 40);
        assert_eq!((f.len(), f.kept()), (1 << 40, 3));
        assert_eq!(f.read(1, 5), b"bc\0\0\0");
        f.write(5, b"x").expect("small");
        assert_eq!((f.len(), f.kept(), f.read(2, 5)), (1 << 40, 6, b"c\0\0x\0".to_vec()));
        assert_eq!(f.write(1 << 30, b"x"), Err(Errno::EFBIG));
        f.truncate(2);
        assert_eq!(f.read(0, 10), b"ab");
        assert_eq!(f.read(50, 10), b"");
    }
}
