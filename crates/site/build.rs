//! Takes what `make web` built (`web/dist`) into the program, packed as browsers
//! take it. When nothing was built there are no files, and the hub says so.

use flate2::{Compression, write::GzEncoder};
use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../web/dist");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    if dist.is_dir() {
        gather(&dist, &dist, &mut files)?;
        files.sort();
    }
    let mut list = String::from("pub const FILES: &[File] = &[\n");
    for (number, name) in files.iter().enumerate() {
        let bytes = fs::read(dist.join(name))?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&bytes)?;
        let packed = out.join(format!("{number}.gz"));
        fs::write(&packed, gzip.finish()?)?;
        let whole = out.join(format!("{number}"));
        fs::write(&whole, bytes)?;
        writeln!(
            list,
            "File {{ path: {name:?}, bytes: include_bytes!({whole:?}), gzip: include_bytes!({packed:?}) }},"
        )?;
    }
    list.push_str("];\n");
    fs::write(out.join("files.rs"), list)?;
    Ok(())
}

/// Names below `root`, with `/` between.
fn gather(root: &Path, folder: &Path, files: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(root, &path, files)?;
        } else {
            let name = path
                .strip_prefix(root)?
                .to_string_lossy()
                .replace('\\', "/");
            files.push(name);
        }
    }
    Ok(())
}
