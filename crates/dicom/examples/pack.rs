//! Measures packing.
//!
//! - `pack draw DIR` writes some images of the sample studies as DICOM files.
//! - `pack FILE…` packs and restores each, and prints a line of a table: sizes
//!   in per cent of the data set, beside zstd and what DCMTK makes of the same
//!   file if it is installed, and MB of the data set in a second of one core.
//! - `pack long` streams 4 GB through both sides, and prints the memory taken.

use bildbro_dicom::{
    pack::{Packer, Unpacker},
    part10, phantom,
    syntax::{EXPLICIT_LE, IMPLICIT_LE},
};
use std::{error::Error, fs, path::Path, process::Command, time::Instant};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [what, dir] if what == "draw" => draw(Path::new(dir)),
        [what] if what == "long" => long(),
        files => {
            println!("| File | Bytes | packed | zstd -3 | JPEG-LS | JPEG | pack | restore |");
            println!("|---|--:|--:|--:|--:|--:|--:|--:|");
            files.iter().try_for_each(|file| measure(Path::new(file)))
        }
    }
}

fn draw(dir: &Path) -> Outcome {
    fs::create_dir_all(dir)?;
    for plan in phantom::catalogue() {
        let study = plan.study(1);
        let middle = study.len() / 2;
        if let Some(instance) = study.instance(middle) {
            fs::write(dir.join(format!("{}.dcm", plan.key)), instance.file())?;
        }
    }
    Ok(())
}

/// Transfer syntax and data set of a file; without file meta, of the oldest
/// syntax.
fn open(path: &Path) -> Result<(String, Vec<u8>), Box<dyn Error>> {
    let mut file = fs::read(path)?;
    Ok(match part10::read_meta(&file) {
        Ok((meta, at)) => (meta.syntax.to_string(), file.split_off(at)),
        Err(_) => (IMPLICIT_LE.to_owned(), file),
    })
}

fn measure(path: &Path) -> Outcome {
    let (syntax, data_set) = open(path)?;
    let length = data_set.len();
    let rounds = (50_000_000 / length.max(1)).clamp(1, 4000);
    let (mut packer, mut unpacker) = (Packer::new("", 0), Unpacker::new(0));
    let (mut packed, mut restored) = (Vec::new(), Vec::new());
    let begin = seconds();
    for _ in 0..rounds {
        packed.clear();
        packer.restart(&syntax, length as u64);
        for piece in data_set.chunks(64 * 1024) {
            packer.push(piece, &mut packed);
        }
        packer.finish(&mut packed)?;
    }
    let between = seconds();
    for _ in 0..rounds {
        restored.clear();
        unpacker.restart(length as u64);
        let mut rest = packed.as_slice();
        while !rest.is_empty() {
            unpacker.push(&mut rest, &mut restored)?;
        }
        unpacker.finish()?;
    }
    let end = seconds();
    if restored != data_set {
        return Err("what was restored is not what was packed".into());
    }

    let share = |n: usize| format!("{:.1} %", n as f64 * 100.0 / length as f64);
    let rate = |time: f64| format!("{:.0}", (length * rounds) as f64 / 1e6 / time);
    let by = |tool: &str| by_dcmtk(tool, path).map_or("–".to_owned(), share);
    println!(
        "| {} | {length} | {} | {} | {} | {} | {} | {} |",
        path.file_name().unwrap_or_default().to_string_lossy(),
        share(packed.len()),
        share(zstd::bulk::compress(&data_set, 3)?.len()),
        by("dcmcjpls"),
        by("dcmcjpeg"),
        rate(between - begin),
        rate(end - between),
    );
    Ok(())
}

/// Length of the data set that a tool of DCMTK makes of this file.
fn by_dcmtk(tool: &str, path: &Path) -> Option<usize> {
    let to = std::env::temp_dir().join(format!("pack-{}.dcm", std::process::id()));
    let made = Command::new(tool).arg(path).arg(&to).output().ok()?;
    let length = open(&to).ok().map(|(_, data_set)| data_set.len());
    let _ = fs::remove_file(&to);
    length.filter(|_| made.status.success())
}

/// One object of 4 GB: a CT slice over and over.
fn long() -> Outcome {
    const LENGTH: u64 = 4_000_000_000;
    let plan = phantom::catalogue().swap_remove(0);
    let slice = plan.study(1).instance(60).ok_or("there is no such slice")?;
    // The header of the slice, with another length of its pixel data.
    let start = slice.data_set.len() - 2 * 512 * 512;
    let (header, pixels) = slice.data_set.split_at(start);
    let mut header = header.to_vec();
    let pixel_bytes = u32::try_from(LENGTH - start as u64)?;
    header[start - 4..].copy_from_slice(&pixel_bytes.to_le_bytes());

    let (mut packer, mut unpacker) = (Packer::new(EXPLICIT_LE, LENGTH), Unpacker::new(LENGTH));
    let (mut packed, mut restored) = (Vec::new(), Vec::new());
    let (mut came, mut sent) = (0, 0);
    let mut pieces = std::iter::once(header.as_slice()).chain(std::iter::repeat(pixels));
    let before = memory();
    let mut left = LENGTH;
    while left > 0 {
        let piece = pieces.next().unwrap_or_default();
        let piece = &piece[..piece.len().min(usize::try_from(left)?)];
        left -= piece.len() as u64;
        packed.clear();
        packer.push(piece, &mut packed);
        if left == 0 {
            packer.finish(&mut packed)?;
        }
        sent += packed.len();
        let mut rest = packed.as_slice();
        while !rest.is_empty() {
            restored.clear();
            unpacker.push(&mut rest, &mut restored)?;
            came += restored.len() as u64;
        }
    }
    unpacker.finish()?;
    println!(
        "{came} bytes by way of {sent}; memory before {before}, after {}",
        memory()
    );
    Ok(())
}

/// The most memory that was resident so far, as the system tells it.
fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or("unknown").trim().to_owned()
}

/// Time on a core where the system tells it, so that other work does not
/// count; else the time of day.
fn seconds() -> f64 {
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let begin = BEGIN.get_or_init(Instant::now);
    fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|numbers| numbers.split(' ').next()?.parse::<f64>().ok())
        .map_or_else(|| begin.elapsed().as_secs_f64(), |nanos| nanos / 1e9)
}
