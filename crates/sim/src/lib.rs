//! Services that cannot be reached from here, played for demo and tests: they speak
//! the real protocol, and the product's client does not know the difference.
