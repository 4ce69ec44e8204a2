//! E-mail: SMTP.
