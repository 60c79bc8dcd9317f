"""The programme's rules: pure, standard library and computing packages only, one noun a file."""
