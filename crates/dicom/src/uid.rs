//! UIDs made here: `2.25.` and a UUID as a decimal number (PS3.5 B.2).

/// A new UID from 128 random bits; the bits that a UUID fixes are fixed.
#[must_use]
pub fn new_uid(random: u128) -> String {
    let version = (random & !(0xF << 76)) | (0x4 << 76);
    let variant = (version & !(0x3 << 62)) | (0x2 << 62);
    format!("2.25.{variant}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_longest_fits_64_characters() {
        let uid = super::new_uid(u128::MAX);
        assert!(uid.len() <= 64 && uid.starts_with("2.25."), "{uid}");
    }
}
