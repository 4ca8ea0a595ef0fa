"""What each `bantam` command does; imported only when it is called."""
