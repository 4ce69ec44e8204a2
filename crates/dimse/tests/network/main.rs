//! The DICOM network over loopback sockets: against hostile bytes, with itself
//! at both ends, and with DCMTK at the other; plain and by TLS.

#[cfg(test)]
mod archive;
#[cfg(test)]
mod dcmtk;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tls;
