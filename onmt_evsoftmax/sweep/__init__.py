"""Many functions and seeds: what a sweep's settings ask for, and what its folder holds. Knows no torch.

`folder` finds what a sweep left behind, `plan` what its settings ask for, `missing` what is not there (yet);
`train_log` reads a training's log and `testset` gathers scores (`comparison`), texts and archives of one test set.
"""
