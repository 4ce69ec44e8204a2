//! The DICOM network over loopback sockets: against hostile bytes, with itself
//! at both ends, and with DCMTK at the other.

#[cfg(test)]
mod archive;
#[cfg(test)]
mod dcmtk;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod hostile;
