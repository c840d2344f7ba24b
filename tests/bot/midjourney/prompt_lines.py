"""Generated prompt lines, for the tests of parser and builder."""

import string

from hypothesis import strategies as st

PNG = "https://cdn.example/a.png?ex=1&is=2&hm=3&"
WORDS = st.text(string.ascii_letters + string.digits + " ,.:;-'\"\u2014\u2013\u201c{}<>/\u200b\n", max_size=40)
PIECES = st.sampled_from(
    ["--ar 3:2", "--v 7", "--niji", "--s 50", "--no red, dog", "--tile", "--foo bar", PNG, "--sref 12 random", "--p"]
)
ODD_PIECES = st.sampled_from(
    ["\u2014ar 1:1", "--ar", "- - ar 2:3", "--v", "--p abc12", "\u2014", "--", "a--tile", "--no", "=", "--ar=3:2"]
)
LINES = st.lists(WORDS | PIECES | ODD_PIECES, max_size=8).map(" ".join)
