"""Raw parallel text -> clean, tokenized, segmented text with vocabularies and a manifest. Knows no torch."""
