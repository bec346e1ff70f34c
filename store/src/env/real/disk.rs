//! A directory of the file system.

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::env::{Disk, File, LocalFuture};

/// Holds no data; a process that uses the directory holds its lock.
const LOCK: &str = "lock";

/// A directory that this process alone uses.
///
/// Syncs run on threads of their own, so that a slow disk does not stop the node.
pub struct Directory {
    path: PathBuf,
    /// Held while this lives; the operating system releases it when the process dies.
    _lock: fs::File,
}

impl Directory {
    /// Creates the directory if need be, and takes its lock.
    pub fn lock(path: &Path) -> io::Result<Directory> {
        fs::create_dir_all(path).map_err(|error| named(path, &error))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(|error| named(path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Directory { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                format!("{}: another process uses this data directory", path.display()),
            )),
            Err(TryLockError::Error(error)) => Err(named(path, &error)),
        }
    }

    /// Names come from our own code, but a slip there must not reach files outside.
    fn file(&self, name: &str) -> io::Result<PathBuf> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.starts_with('.') || name == LOCK || !name.chars().all(plain) {
            let problem = format!("{name:?} is no name for a file of the data directory");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        Ok(self.path.join(name))
    }
}

impl Disk for Directory {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // A name that is not ours to understand is not ours at all.
            if let (true, Ok(name)) = (entry.file_type()?.is_file(), entry.file_name().into_string()) {
                names.push(name);
            }
        }
        names.retain(|name| name != LOCK);
        names.sort();
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let path = self.file(name)?;
        open(OpenOptions::new().create_new(true), &path)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        open(&mut OpenOptions::new(), &self.file(name)?)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.file(from)?, self.file(to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.file(name)?)
    }

    fn sync_directory(&self) -> LocalFuture<'static, io::Result<()>> {
        let path = self.path.clone();
        // Where a directory cannot be opened as a file, the file system syncs names by itself.
        blocking(move || if cfg!(unix) { fs::File::open(path)?.sync_all() } else { Ok(()) })
    }
}

fn open(options: &mut OpenOptions, path: &Path) -> io::Result<Box<dyn File>> {
    let file = options.read(true).append(true).open(path)?;
    Ok(Box::new(OpenFile(Arc::new(file))))
}

struct OpenFile(Arc<fs::File>);

impl File for OpenFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        (&*self.0).write_all(bytes)
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        let mut file = &*self.0;
        file.rewind()?;
        file.read_to_end(&mut content)?;
        Ok(content)
    }

    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut content = vec![0; length];
        let mut file = &*self.0;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut content)?;
        Ok(content)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> LocalFuture<'static, io::Result<()>> {
        let file = self.0.clone();
        blocking(move || file.sync_all())
    }
}

fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> LocalFuture<'static, io::Result<()>> {
    Box::pin(async move { tokio::task::spawn_blocking(work).await.map_err(io::Error::other)? })
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The disk of a client: there is none.
pub struct NoDisk;

fn none<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "a client has no disk"))
}

impl Disk for NoDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        none()
    }

    fn create(&self, _name: &str) -> io::Result<Box<dyn File>> {
        none()
    }

    fn open(&self, _name: &str) -> io::Result<Box<dyn File>> {
        none()
    }

    fn rename(&self, _from: &str, _to: &str) -> io::Result<()> {
        none()
    }

    fn remove(&self, _name: &str) -> io::Result<()> {
        none()
    }

    fn sync_directory(&self) -> LocalFuture<'static, io::Result<()>> {
        Box::pin(std::future::ready(none()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn keeps_files_by_name() {
        let root = tempfile::tempdir().unwrap();
        let disk = Directory::lock(root.path()).unwrap();
        let file = disk.create("b").unwrap();
        file.append(b"one, ").unwrap();
        assert_eq!(file.read().unwrap(), b"one, ");
        assert_eq!(file.read_at(1, 3).unwrap(), b"ne,");
        file.append(b"two").unwrap();
        assert!(file.read_at(6, 3).is_err(), "it ends before");
        file.truncate(6).unwrap();
        file.append(b"!").unwrap();
        file.sync().await.unwrap();
        disk.create("a.new").unwrap();
        disk.sync_directory().await.unwrap();
        assert_eq!(disk.list().unwrap(), ["a.new", "b"]);
        assert!(disk.create("b").is_err());
        disk.rename("b", "c").unwrap();
        disk.remove("a.new").unwrap();
        assert_eq!(disk.list().unwrap(), ["c"]);
        let again = disk.open("c").unwrap();
        assert_eq!((again.len().unwrap(), again.read().unwrap()), (7, b"one, t!".to_vec()));
        assert!(disk.open("b").is_err());
    }

    #[test]
    fn refuses_names_outside_the_directory() {
        let root = tempfile::tempdir().unwrap();
        let disk = Directory::lock(&root.path().join("data")).unwrap();
        for name in ["", ".", "..", "../x", "/x", "a/b", "a\\b", "lock", "a\0b"] {
            let refused = disk.create(name).err().map(|error| error.kind());
            assert_eq!(refused, Some(io::ErrorKind::InvalidInput), "{name:?}");
            assert!(disk.open(name).is_err() && disk.remove(name).is_err(), "{name:?}");
            assert!(disk.rename(name, "x").is_err() && disk.rename("x", name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn one_process_uses_a_directory() {
        let root = tempfile::tempdir().unwrap();
        let first = Directory::lock(root.path()).unwrap();
        let refused = Directory::lock(root.path()).err().unwrap().to_string();
        assert!(refused.contains("another process uses this data directory"), "{refused}");
        assert!(refused.contains(&*root.path().to_string_lossy()), "{refused}");
        drop(first);
        Directory::lock(root.path()).unwrap();
    }
}
