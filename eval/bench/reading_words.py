"""The vocabulary of the pages and windows of `reading_bench.py`, shared by two Pythons."""

WORDS = (
    "order paper ink letter address delivery invoice number street city country gift express courier weight total "
    "account settings language privacy notice message search report summary archive folder project member review"
)
