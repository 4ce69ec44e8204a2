//! Audit messages to a SIEM: syslog over TLS (RFC 5424, 5425), with a buffer on disk.
