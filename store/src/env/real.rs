//! The real seam: sockets, a directory, the operating system's clocks.
