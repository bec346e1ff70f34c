//! A file or folder, whatever its format.

use std::fs::{self, File};
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use crate::format::{ALL, Format, HEAD_BYTES, Read, detect, jsonl};
use crate::{Error, History};

mod foreign;

/// What some editors put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the history of this file or folder, in this format, or else in the first that its content fits.
///
/// The content of a folder is that of its files, in the order of their names: the first that fits a format of
/// folders decides. Errors name the file.
pub fn open(path: &Path, format: Option<&'static Format>) -> Result<History, Error> {
    open_as(path, format).map(|(history, _)| history)
}

/// The same, and the format that it was. (One call for both: what a pipe holds can be read once only.)
pub fn open_as(path: &Path, format: Option<&'static Format>) -> Result<(History, &'static Format), Error> {
    let is_folder = fs::metadata(path).map_err(Error::Unopened).map(|metadata| metadata.is_dir());
    let history = is_folder.and_then(|is_folder| match is_folder {
        true => open_folder(path, format),
        false => open_file(path, format),
    });
    history.map_err(|error| match error {
        // Of a file in the folder.
        Error::File { .. } => error,
        error => error.in_file(path),
    })
}

fn open_file(path: &Path, format: Option<&'static Format>) -> Result<(History, &'static Format), Error> {
    read_as(File::open(path).map_err(Error::Unopened)?, format)
}

/// Reads the history that this stream holds, in this format of files, or else in the first that its content
/// fits; and the format that it was.
///
/// A byte order mark before text is passed over. Errors name no file.
pub fn read_as(
    mut input: impl io::Read,
    format: Option<&'static Format>,
) -> Result<(History, &'static Format), Error> {
    let mut head = head(&mut input)?;
    if head.starts_with(BYTE_ORDER_MARK) && !head.contains(&0) {
        head.drain(..BYTE_ORDER_MARK.len());
    }
    let format = match format.or_else(|| detect(&head)) {
        // A history without events, in whatever format: there is nothing to tell it by, and nothing to read.
        None if head.trim_ascii().is_empty() && head.len() < HEAD_BYTES => {
            return Ok((History::default(), &jsonl::FORMAT));
        }
        Some(format) if (format.fits)(&head) => format,
        format => {
            let named = || {
                Error::Format(format!(
                    "fits no format; name its format with --format, to see what is wrong: {}",
                    names(false)
                ))
            };
            foreign::problem(&head, format.is_some())
                .map_or(Ok(()), |problem| Err(Error::Format(problem)))?;
            format.ok_or_else(named)?
        }
    };
    match format.read {
        Read::File(read) => {
            let mut input = BufReader::with_capacity(HEAD_BYTES, io::Cursor::new(head).chain(input));
            Ok((read(&mut input)?, format))
        }
        Read::Folder(_) => {
            Err(Error::Format(format!("{} is a format of folders: name the folder itself", format.name)))
        }
    }
}

fn open_folder(path: &Path, format: Option<&'static Format>) -> Result<(History, &'static Format), Error> {
    let format = match format {
        Some(format) => format,
        None => detect_folder(path)?,
    };
    match format.read {
        Read::Folder(read) => Ok((read(path)?, format)),
        Read::File(_) => {
            Err(Error::Format(format!("{} is a format of files: this is a folder", format.name)))
        }
    }
}

/// The format of a folder.
fn detect_folder(path: &Path) -> Result<&'static Format, Error> {
    for path in files(path).map_err(Error::Unopened)? {
        let in_file = |error: Error| error.in_file(&path);
        let mut file = File::open(&path).map_err(Error::Unopened).map_err(in_file)?;
        let head = head(&mut file).map_err(in_file)?;
        let fits = |format: &&&Format| matches!(format.read, Read::Folder(_)) && (format.fits)(&head);
        if let Some(format) = ALL.iter().find(fits) {
            return Ok(format);
        }
    }
    Err(Error::Format(format!("a folder that fits no format; known formats of folders: {}", names(true))))
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths: io::Result<Vec<_>> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.retain(|path| path.is_file());
    paths.sort();
    Ok(paths)
}

/// The first bytes of a stream.
fn head(input: &mut impl io::Read) -> Result<Vec<u8>, Error> {
    let mut head = Vec::new();
    input.take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(Error::Unopened)?;
    Ok(head)
}

/// The names of all formats of folders, or of files.
fn names(of_folders: bool) -> String {
    let is_asked = |format: &&&Format| matches!(format.read, Read::Folder(_)) == of_folders;
    ALL.iter().filter(is_asked).map(|format| format.name).collect::<Vec<_>>().join(", ")
}
