"""Process and operating system: commit gate, crash points, disk space, folder owners, sockets."""
