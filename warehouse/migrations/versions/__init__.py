"""One file a revision, each frozen once released; there is no way down, since `bantam replay` rebuilds every row."""
