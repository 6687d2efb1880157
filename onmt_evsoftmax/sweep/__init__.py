"""Many functions and seeds: what a sweep's settings ask for, how it runs, and what its folder holds.

`settings` reads the YAML and `checks` what it names. `commands` writes every command line once; the Snakefile runs
them, and `train` and `runs` its trainings. For the report page `folder` finds what a sweep left behind and `missing`
what is not there (yet); `train_log` reads a training's log, and `testset` gathers scores (`comparison`), texts and
archives of one test set. Only `check_overrides` loads torch.
"""
