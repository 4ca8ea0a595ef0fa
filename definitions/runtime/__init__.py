"""Process and operating system: commit gate, crash points, disks, folders, sockets."""
